package import SDP
package import Signaling
package import WireBytes

/// What a shard tells the control layer.
package enum EngineEvent: Sendable {
  case send(ConnectionID, RelayMessage)
  /// An answer to the connection's offer, as values; the control layer renders it.
  case answer(ConnectionID, SessionAnswer)
  /// Send `goodbye` with the reason, then close.
  case close(ConnectionID, Goodbye.Reason)
  case roomOpened(RoomID)
  case roomClosed(RoomID)
  /// After `drain`: every connection was told goodbye.
  case drained
}
