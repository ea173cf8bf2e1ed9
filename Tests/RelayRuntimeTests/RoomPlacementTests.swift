import RelayControl
import RelayRuntime
import TestKit
import Testing
import WireBytes

struct RoomPlacementTests {
  private func room(_ number: UInt8) -> RoomID {
    guard let room = RoomID(bytes: [UInt8](repeating: number, count: RoomID.byteCount)) else {
      preconditionFailure("sixteen bytes are a room")
    }
    return room
  }

  @Test func `rooms go to the shard with the fewest, and members to their room`() {
    let placement = RoomPlacement(shardCount: 3)
    let shards = (0..<6).map { placement.place(room($0)).shard }
    #expect(shards == [0, 1, 2, 0, 1, 2])
    #expect(placement.place(room(4)).shard == 1)
  }

  @Test func `a closed room is forgotten and its place is free`() {
    let placement = RoomPlacement(shardCount: 2)
    #expect(placement.place(room(1)).shard == 0)
    placement.members(1, of: room(1), on: 0)
    placement.joinHandled(room(1), on: 0)
    #expect(placement.place(room(2)).shard == 1)
    placement.members(0, of: room(1), on: 0)
    #expect(placement.count == 1)
    #expect(placement.place(room(3)).shard == 0)
  }

  @Test func `a refused join leaves nothing behind`() {
    let placement = RoomPlacement(shardCount: 2)
    _ = placement.place(room(1))
    placement.joinHandled(room(1), on: 0)
    #expect(placement.count == 0)
  }

  @Test func `a room that closes while a member is on the way stays on its shard`() {
    let placement = RoomPlacement(shardCount: 2)
    #expect(placement.place(room(1)).shard == 0)
    placement.members(1, of: room(1), on: 0)
    placement.joinHandled(room(1), on: 0)
    // The second member's join is on its way when the first one's leave closes the room.
    #expect(placement.place(room(1)).shard == 0)
    placement.members(0, of: room(1), on: 0)
    #expect(placement.place(room(1)).shard == 0, "a third member must meet the second")
    placement.members(2, of: room(1), on: 0)
    placement.joinHandled(room(1), on: 0)
    placement.joinHandled(room(1), on: 0)
    #expect(placement.count == 1)
    placement.members(0, of: room(1), on: 0)
    #expect(placement.count == 0)
  }

  @Test func `a room that is too large for one shard goes on others, and comes home when there is room`() {
    let placement = RoomPlacement(shardCount: 3, membersPerShard: 4)
    // Another room makes shard 1 the least attractive.
    for _ in 0..<2 { _ = placement.place(room(9)) }
    let seats = (0..<12).map { _ in placement.place(room(1)) }
    #expect(seats.allSatisfy { $0.home == 1 })
    #expect(seats.map(\.shard) == [1, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0, 0])
    // When all have their share, members go where there are fewest.
    #expect((0..<3).map { _ in placement.place(room(1)).shard } == [1, 2, 1])
    for _ in 0..<6 { placement.joinHandled(room(1), on: 1) }
    #expect(placement.place(room(1)) == ShardSeat(shard: 1, home: 1))
  }

  @Test func `who resumes goes to the shard it was on, if the room has members there`() {
    let placement = RoomPlacement(shardCount: 3, membersPerShard: 1)
    #expect(placement.place(room(1)) == ShardSeat(shard: 0, home: 0))
    #expect(placement.place(room(1)) == ShardSeat(shard: 1, home: 0))
    #expect(placement.place(room(1), former: 1) == ShardSeat(shard: 1, home: 0))
    for former in [2, 3, -1, Int.max] {
      let seat = placement.place(room(2), former: former)
      #expect((0..<3).contains(seat.shard))
    }
  }

  @Test func `a room whose home is empty stays where it is while another shard has members`() {
    let placement = RoomPlacement(shardCount: 2, membersPerShard: 1)
    _ = placement.place(room(1))
    _ = placement.place(room(1))
    placement.members(1, of: room(1), on: 1)
    placement.joinHandled(room(1), on: 1)
    placement.joinHandled(room(1), on: 0)
    #expect(placement.place(room(1)) == ShardSeat(shard: 0, home: 0))
    placement.joinHandled(room(1), on: 0)
    placement.members(0, of: room(1), on: 1)
    #expect(placement.count == 0)
  }

  @Test func `pseudonyms repeat within a run and not across runs`() {
    let first = RoomPseudonym(random: SeededRandom(seed: 1).source)
    let second = RoomPseudonym(random: SeededRandom(seed: 2).source)
    #expect(first.name(of: room(1)) == first.name(of: room(1)))
    #expect(first.name(of: room(1)) != first.name(of: room(2)))
    #expect(first.name(of: room(1)) != second.name(of: room(1)))
    #expect(first.name(of: room(1)).utf8.count == 8)
    #expect(!room(1).text.contains(first.name(of: room(1))))
  }
}
