/// Why a DTLS session is of no use any more. Every one of them is final for its session.
package enum DTLSError: Error, Equatable, Sendable {
  package enum HandshakeFailure: Int32, Sendable {
    case other = 0
    /// The peer stopped answering.
    case timeout = 2
    /// The peer refused, by a fatal alert.
    case peerAlert = 3
    /// No common version, cipher suite, group or signature algorithm.
    case noCommonParameters = 4
    /// A message that has no place where it came, or cannot be read.
    case protocolViolation = 5
  }

  case handshakeFailed(HandshakeFailure)
  /// The peer's certificate is not the one that signalling announced.
  case fingerprintMismatch
  /// The peers share no SRTP protection profile (RFC 5764 section 4.1.1).
  case noSRTPProfile
  /// The session has ended, by either side.
  case closed
  /// Keys were asked for before the handshake was complete.
  case notConnected
  /// OpenSSL or libsrtp refused; nothing that a peer did.
  case libraryFailure

  /// A word of a small set, for metrics.
  package var label: String {
    switch self {
    case .handshakeFailed(.other): "handshake_failed"
    case .handshakeFailed(.timeout): "timeout"
    case .handshakeFailed(.peerAlert): "peer_alert"
    case .handshakeFailed(.noCommonParameters): "no_common_parameters"
    case .handshakeFailed(.protocolViolation): "protocol_violation"
    case .fingerprintMismatch: "fingerprint_mismatch"
    case .noSRTPProfile: "no_srtp_profile"
    case .closed: "closed"
    case .notConnected: "not_connected"
    case .libraryFailure: "library_failure"
    }
  }
}
