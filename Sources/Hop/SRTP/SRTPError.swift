/// Why a packet was not protected or unprotected.
package enum SRTPError: UInt8, Error, Equatable, Sendable {
  /// The tag does not match: forged, damaged, or under other keys.
  case authenticationFailed
  /// This packet was accepted before (RFC 3711 section 3.3.2).
  case replayed
  /// Older than the replay window reaches.
  case replayTooOld
  /// Not an RTP or RTCP packet, or too short for its own header and tag.
  case malformed
  /// The buffer has no room for the tag.
  case tooLong
  /// The key has protected as many packets as it may (RFC 3711 section 9.2).
  case keyExhausted
  /// The peer uses more SSRCs than `SRTPReceiver.streamLimit`.
  case tooManyStreams
  /// The library failed otherwise, or was given keys of the wrong length.
  case internalFailure

  package var label: String {
    switch self {
    case .authenticationFailed: "authentication_failed"
    case .replayed: "replayed"
    case .replayTooOld: "replay_too_old"
    case .malformed: "malformed"
    case .tooLong: "too_long"
    case .keyExhausted: "key_exhausted"
    case .tooManyStreams: "too_many_streams"
    case .internalFailure: "internal_failure"
    }
  }
}
