package import SDP
package import Signaling

/// One signalling connection (a WebSocket), unique in the process.
package struct ConnectionID: Hashable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A `join` whose token the control layer has verified.
package struct AdmittedJoin: Sendable {
  package var join: Join
  package var canPublish: Bool
  package var canSubscribe: Bool
  /// The shard that is the room's home; nil when it is the one that gets the command.
  package var home: Int?

  package init(join: Join, canPublish: Bool, canSubscribe: Bool, home: Int? = nil) {
    self.join = join
    self.home = home
    self.canPublish = canPublish
    self.canSubscribe = canSubscribe
  }
}

/// What the control layer asks of a shard.
package enum EngineCommand: Sendable {
  case join(ConnectionID, AdmittedJoin)
  /// An offer that was parsed on the control layer's thread, so that a large SDP does not hold up packets.
  case offer(ConnectionID, OfferedSession)
  /// Every other message; `join`, `offer` and `ping` never come this way.
  case message(ConnectionID, ClientMessage)
  /// The connection is gone; its member may resume until the resume window ends.
  case disconnected(ConnectionID)
  /// Says goodbye to everyone and takes nobody in any more.
  case drain
}
