package import RelayControl
import Synchronization
package import WireBytes

/// Which shards hold which room. A room is placed when its first member comes and forgotten when it has closed.
///
/// The first shard is the room's home. Members come there until they are as many as one shard should have of one room;
/// then to another shard, so that a large room has all cores.
///
/// A room may close on a shard while another member is on the way there. So a placement also counts the joins that were
/// sent to a shard and not handled yet: a room must never have two homes.
package final class RoomPlacement: Sendable {
  /// The room's members on one shard.
  private struct Part {
    var pendingJoins = 0
    var members = 0
    var total: Int { pendingJoins + members }
  }

  private struct Placement {
    let home: Int
    var parts: [Int: Part] = [:]

    func total(_ shard: Int) -> Int { parts[shard]?.total ?? 0 }
  }

  private struct State {
    var placements: [RoomID: Placement] = [:]
    var rooms: [Int]
    var members: [Int]

    /// Members are what a shard's work grows with; among equals, rooms, whose members are still to come.
    var leastLoaded: Int {
      members.indices.min { (members[$0], rooms[$0], $0) < (members[$1], rooms[$1], $1) } ?? 0
    }
  }

  private let membersPerShard: Int
  private let state: Mutex<State>

  /// - Parameter membersPerShard: so many members of a room come to one shard before others are used.
  package init(shardCount: Int, membersPerShard: Int = .max) {
    self.membersPerShard = membersPerShard
    state = Mutex(
      State(rooms: [Int](repeating: 0, count: shardCount), members: [Int](repeating: 0, count: shardCount)))
  }

  /// Where a member goes. Every call is followed by one join, and later by one `joinHandled`.
  ///
  /// - Parameter former: the shard that a member who resumes says it was on.
  package func place(_ room: RoomID, former: Int? = nil) -> ShardSeat {
    state.withLock { state in
      var placement = state.placements[room] ?? Placement(home: state.leastLoaded)
      let shard: Int
      if let former, placement.parts[former] != nil {
        shard = former
      } else {
        shard = choose(for: placement, state)
      }
      if placement.parts[shard] == nil { state.rooms[shard] += 1 }
      placement.parts[shard, default: Part()].pendingJoins += 1
      state.members[shard] += 1
      state.placements[room] = placement
      return ShardSeat(shard: shard, home: placement.home)
    }
  }

  /// The home while it has room, then a shard that has members of the room already: each further one costs a copy of
  /// every packet.
  private func choose(for placement: Placement, _ state: State) -> Int {
    if placement.total(placement.home) < membersPerShard { return placement.home }
    let begun = placement.parts.filter { $0.value.total < membersPerShard }.keys.min()
    return begun ?? state.leastLoaded
  }

  /// The shard has taken or refused one join, and its events up to then were noted.
  package func joinHandled(_ room: RoomID, on shard: Int) { update(room, shard) { $0.pendingJoins -= 1 } }

  package func members(_ count: Int, of room: RoomID, on shard: Int) { update(room, shard) { $0.members = count } }

  package var count: Int { state.withLock { $0.placements.count } }

  private func update(_ room: RoomID, _ shard: Int, _ change: (inout Part) -> Void) {
    state.withLock { state in
      guard var placement = state.placements[room], var part = placement.parts[shard] else { return }
      let before = part.total
      change(&part)
      state.members[shard] += part.total - before
      placement.parts[shard] = part.total > 0 ? part : nil
      if part.total == 0 { state.rooms[shard] -= 1 }
      state.placements[room] = placement.parts.isEmpty ? nil : placement
    }
  }
}
