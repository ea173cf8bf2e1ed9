import Synchronization
package import WireBytes

/// Which shard holds which room. A room is placed when its first member comes and forgotten when it has closed.
///
/// A room may close on its shard while another member is on the way there. So a placement also counts the joins that
/// were sent to the shard and not handled yet: a room must never be on two shards.
package final class RoomPlacement: Sendable {
  private struct Placement {
    let shard: Int
    var pendingJoins: Int
    var isOpen: Bool
  }

  private struct State {
    var placements: [RoomID: Placement] = [:]
    var roomsOnShard: [Int]
  }

  private let state: Mutex<State>

  package init(shardCount: Int) {
    state = Mutex(State(roomsOnShard: [Int](repeating: 0, count: shardCount)))
  }

  /// The room's shard, or the one with the fewest rooms. Every call is followed by one join, and later by one
  /// `joinHandled`.
  package func place(_ room: RoomID) -> Int {
    state.withLock { state in
      if var placement = state.placements[room] {
        placement.pendingJoins += 1
        state.placements[room] = placement
        return placement.shard
      }
      let least = state.roomsOnShard.indices.min { state.roomsOnShard[$0] < state.roomsOnShard[$1] } ?? 0
      state.placements[room] = Placement(shard: least, pendingJoins: 1, isOpen: false)
      state.roomsOnShard[least] += 1
      return least
    }
  }

  /// The shard has taken or refused one join, and its events up to then were noted.
  package func joinHandled(_ room: RoomID) {
    update(room) { $0.pendingJoins -= 1 }
  }

  package func opened(_ room: RoomID) { update(room) { $0.isOpen = true } }
  package func closed(_ room: RoomID) { update(room) { $0.isOpen = false } }

  package var count: Int { state.withLock { $0.placements.count } }

  private func update(_ room: RoomID, _ change: (inout Placement) -> Void) {
    state.withLock { state in
      guard var placement = state.placements[room] else { return }
      change(&placement)
      if placement.pendingJoins > 0 || placement.isOpen {
        state.placements[room] = placement
      } else {
        state.placements[room] = nil
        state.roomsOnShard[placement.shard] -= 1
      }
    }
  }
}
