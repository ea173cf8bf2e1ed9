package import RelayEngine
package import Signaling

/// What the session's state machine wants done, in order.
package enum SessionAction: Sendable {
  /// Find the room's shard and hand the join to it.
  case join(AdmittedJoin)
  /// Hand the command to the shard of the last join.
  case submit(EngineCommand)
  case send(RelayMessage)
  case ping
  case pong([UInt8])
  /// Send a close frame with this status code.
  case close(UInt16)
  /// Close the TCP connection when everything is written.
  case finish
  /// Close the TCP connection now.
  case abort
  case count(Count)

  package enum Count: Sendable, Equatable {
    case received(MessageKind, bytes: Int)
    case tokenRefused(TokenError)
    case closed(CloseCause)
  }
}
