package import RelayEngine
package import Signaling

/// The shard that a member's commands go to, and the one that is its room's home.
package struct ShardSeat: Sendable, Equatable {
  package let shard: Int
  package let home: Int

  package init(shard: Int, home: Int) {
    self.shard = shard
    self.home = home
  }
}

/// The way from the control server to the shards. Every call may come from any event loop and must not block it.
package protocol EngineGateway: Sendable {
  /// Commands for one shard from one event loop arrive in the order of the calls.
  func submit(_ command: EngineCommand, shard: Int)
  /// Where the member goes; chooses a shard for a room that has none yet. Followed by one `join`.
  func place(_ join: Join) -> ShardSeat
  /// The body of `/metrics`.
  func metricsText() async -> String
  /// Whether `/healthz` says so.
  var isReady: Bool { get }
}
