package import SDP
package import Signaling
package import WireBytes

/// What a shard tells the control layer.
package enum EngineEvent: Sendable {
  case send(ConnectionID, RelayMessage)
  /// The same to many: it is put into words once.
  case broadcast([ConnectionID], RelayMessage)
  /// An answer to the connection's offer, as values; the control layer renders it.
  case answer(ConnectionID, SessionAnswer)
  /// Send `goodbye` with the reason, then close.
  case close(ConnectionID, Goodbye.Reason)
  case roomOpened(RoomID)
  case roomClosed(RoomID)
  /// So many of the room's members are on this shard now.
  case roomMembers(RoomID, Int)
  /// One `join` command was taken or refused, and what came of it has been said.
  case joinHandled(RoomID)
  /// After `drain`: every connection was told goodbye.
  case drained
}
