/// Why an SFrame operation failed.
package enum SFrameError: UInt8, Error, Equatable, Sendable {
  /// The header is incomplete, or less than a tag follows it.
  case truncated
  /// The tag does not match: a wrong key, or changed bytes.
  case authenticationFailed
  /// The counter was seen before, or is older than the replay window.
  case replayed
  /// The counter space of the key is used up (RFC 9605 section 9.1).
  case counterExhausted
  /// The cipher refused its parameters; not reachable from network input.
  case internalFailure
}
