internal import COpenSSLShims
import SRTP
import WireBytes

/// The calls of one OpenSSL session, with Swift's types around them. Time, and what a state means, are the business of
/// `DTLSSession`.
@safe
final class OpenSSLSession {
  enum Status { case handshaking, connected, closed, failed }

  /// The retransmission schedule; the shim has it too, for libraries whose own timer cannot be set.
  static let firstTimeout = TimeInterval.milliseconds(UInt64(HOP_DTLS_FIRST_TIMEOUT_MS))
  static let longestTimeout = TimeInterval.milliseconds(UInt64(HOP_DTLS_LONGEST_TIMEOUT_MS))

  private let ssl: OpaquePointer

  /// Nil when OpenSSL refuses. `fingerprint` has 32 bytes.
  init?(_ identity: DTLSIdentity, isServer: Bool, fingerprint: [UInt8], profiles: [SRTPProfile], mtu: Int) {
    let made = unsafe fingerprint.withUnsafeBufferPointer { bytes in
      unsafe hop_dtls_new(
        identity.context, isServer ? 1 : 0, bytes.baseAddress, Self.names(of: profiles), mtu)
    }
    guard fingerprint.count == 32, let made = unsafe made else { return nil }
    unsafe ssl = made
  }

  deinit { unsafe hop_dtls_free(ssl) }

  /// OpenSSL's own names of the profiles, in order of preference.
  private static func names(of profiles: [SRTPProfile]) -> String {
    profiles.map { profile in
      switch profile {
      case .aes128CMHMACSHA1_80: "SRTP_AES128_CM_SHA1_80"
      case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
      case .aeadAES256GCM: "SRTP_AEAD_AES_256_GCM"
      }
    }.joined(separator: ":")
  }

  /// Goes on without input: a client's first flight.
  func step() -> Status { Self.status(unsafe hop_dtls_step(ssl, nil, 0)) }

  func step(_ datagram: Span<UInt8>) -> Status {
    Self.status(
      unsafe datagram.withUnsafeBufferPointer { unsafe hop_dtls_step(ssl, $0.baseAddress, $0.count) })
  }

  private static func status(_ raw: CInt) -> Status {
    switch hop_dtls_status(UInt32(raw)) {
    case HOP_DTLS_HANDSHAKING: .handshaking
    case HOP_DTLS_CONNECTED: .connected
    case HOP_DTLS_CLOSED: .closed
    default: .failed
    }
  }

  /// Sends the last flight again; false when the session has failed by that.
  func retransmit() -> Bool { unsafe hop_dtls_expire(ssl) >= 0 }

  /// Whether a flight waits for its answer, and how many flights were sent so far, repeated ones included.
  var isWaiting: Bool { unsafe hop_dtls_timer_is_armed(ssl) == 1 }
  var flights: UInt64 { unsafe hop_dtls_timer_starts(ssl) }

  func close() { unsafe hop_dtls_close(ssl) }

  var failure: DTLSError {
    let raw = unsafe hop_dtls_failure(ssl)
    if raw == CInt(HOP_DTLS_FAILURE_FINGERPRINT.rawValue) { return .fingerprintMismatch }
    return .handshakeFailed(DTLSError.HandshakeFailure(rawValue: raw) ?? .other)
  }

  func nextDatagram() -> [UInt8]? {
    let length = unsafe hop_dtls_output_length(ssl)
    guard length > 0 else { return nil }
    return unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      unsafe hop_dtls_take_output(ssl, buffer.baseAddress)
      count = length
    }
  }

  /// Nil when the peers have none in common.
  var srtpProfile: SRTPProfile? { SRTPProfile(rawValue: UInt16(truncatingIfNeeded: unsafe hop_dtls_srtp_profile(ssl))) }

  func export(into span: inout MutableSpan<UInt8>) -> Bool {
    unsafe span.withUnsafeMutableBufferPointer { unsafe hop_dtls_export_srtp(ssl, $0.baseAddress, $0.count) == 1 }
  }
}
