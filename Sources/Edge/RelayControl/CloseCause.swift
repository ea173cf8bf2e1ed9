import Signaling

/// How a signalling connection ended.
package enum CloseCause: String, CaseIterable, Sendable {
  case left, shutdown, replaced, unauthorized, idle
  /// The client closed it, with a close frame.
  case closedByClient = "closed_by_client"
  /// It was just gone.
  case disconnected
  case protocolError = "protocol_error"
  case rateLimited = "rate_limited"
  case consentLost = "consent_lost"
  case slowConsumer = "slow_consumer"
  case joinTimeout = "join_timeout"

  init(_ reason: Goodbye.Reason) {
    self =
      switch reason {
      case .shutdown: .shutdown
      case .left: .left
      case .replaced: .replaced
      case .protocolError: .protocolError
      case .rateLimited: .rateLimited
      case .consentLost: .consentLost
      case .slowConsumer: .slowConsumer
      }
  }

  /// The WebSocket status code (RFC 6455 section 7.4.1).
  var code: UInt16 {
    switch self {
    case .left, .closedByClient, .disconnected: 1000
    case .shutdown: 1001
    case .protocolError: 1002
    case .replaced, .unauthorized, .idle, .rateLimited, .consentLost, .slowConsumer, .joinTimeout: 1008
    }
  }
}
