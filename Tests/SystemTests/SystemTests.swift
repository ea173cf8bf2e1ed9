import Testing

/// Tests of the built executables: as a user, an operator and an attacker on the network meet them. One at a time, on
/// loopback, with processes that end with their test.
@Suite(.serialized, .timeLimit(.minutes(2))) struct SystemTests {}
