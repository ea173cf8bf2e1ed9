package import RelayEngine
package import WireBytes

/// The way from the control server to the shards. Every call may come from any event loop and must not block it.
package protocol EngineGateway: Sendable {
  /// Commands for one shard from one event loop arrive in the order of the calls.
  func submit(_ command: EngineCommand, shard: Int)
  /// The shard that holds the room; chooses one if it has none yet.
  func place(_ room: RoomID) -> Int
  /// The body of `/metrics`.
  func metricsText() async -> String
  /// Whether `/healthz` says so.
  var isReady: Bool { get }
}
