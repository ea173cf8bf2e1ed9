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
    let shards = (0..<6).map { placement.place(room($0)) }
    #expect(shards == [0, 1, 2, 0, 1, 2])
    #expect(placement.place(room(4)) == 1)
  }

  @Test func `a closed room is forgotten and its place is free`() {
    let placement = RoomPlacement(shardCount: 2)
    #expect(placement.place(room(1)) == 0)
    placement.opened(room(1))
    placement.joinHandled(room(1))
    #expect(placement.place(room(2)) == 1)
    placement.closed(room(1))
    #expect(placement.count == 1)
    #expect(placement.place(room(3)) == 0)
  }

  @Test func `a refused join leaves nothing behind`() {
    let placement = RoomPlacement(shardCount: 2)
    _ = placement.place(room(1))
    placement.joinHandled(room(1))
    #expect(placement.count == 0)
  }

  @Test func `a room that closes while a member is on the way stays on its shard`() {
    let placement = RoomPlacement(shardCount: 2)
    #expect(placement.place(room(1)) == 0)
    placement.opened(room(1))
    placement.joinHandled(room(1))
    // The second member's join is on its way when the first one's leave closes the room.
    #expect(placement.place(room(1)) == 0)
    placement.closed(room(1))
    #expect(placement.place(room(1)) == 0, "a third member must meet the second")
    placement.opened(room(1))
    placement.joinHandled(room(1))
    placement.joinHandled(room(1))
    #expect(placement.count == 1)
    placement.closed(room(1))
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
