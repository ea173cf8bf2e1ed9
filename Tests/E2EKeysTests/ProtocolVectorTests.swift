import Testing

/// The protocol of `Sources/Client/PROTOCOL.md` as this code speaks it, held against the vectors that every other client
/// is held against too.
///
/// What follows from given secrets is computed again and compared byte for byte; what holds fresh randomness, as signatures
/// and ciphertexts do, is verified and opened. `SEALEDSFU_WRITE_VECTORS=1 swift test --filter ProtocolVectorTests` makes new
/// vectors and checks them; a change of the protocol needs that, and shows in the difference.
@Suite struct ProtocolVectorTests {
  @Test func `an invite gives the room and its keys`() throws { try InviteVectors.loaded().check() }

  @Test func `bundles are read, or refused for the reason given`() throws { try BundleVectors.loaded().check() }

  @Test func `the log's heads and rosters have the hashes given`() throws { try LogVectors.loaded().check() }

  @Test func `channels seal the bytes given`() throws { try ChannelVectors.loaded().check() }

  @Test func `wrapped keys and credentials open with the private keys given`() throws {
    try AgreementVectors.loaded().check()
  }

  @Test func `sealed messages have the bytes given, or are refused`() throws { try MessageVectors.loaded().check() }

  @Test func `commits have the bytes, hashes and signatures given`() throws { try CommitVectors.loaded().check() }

  @Test func `an epoch's key gives the identifiers, keys and frames given`() throws {
    try EpochVectors.loaded().check()
  }

  @Test func `what the browser client made is verified and opened`() throws {
    try vectorFile(WebVectors.self, "made-by-web").check()
  }

  @Test func `a recorded call hangs together`() throws { try CallVectors.loaded().check() }

  @Test func `identities give the fingerprints, pins and safety numbers given`() throws {
    try PeopleVectors.loaded().check()
  }
}
