import Membership
import Signaling
import Testing
import WireBytes

@Suite struct RekeyDeadlineTests {
  /// Makes a change at `start`, lets everyone but those at `silent` be ready 100 ms later, and runs to the deadline.
  private func round(_ room: inout TestRoom, epoch: UInt32, silent: Set<Int>, start: UInt64) -> [RekeyTrigger.Action] {
    room.join(at: ms(start))
    room.expire(at: ms(start + 300))
    _ = room.takeActions()
    for index in room.log.members.indices where !silent.contains(index) {
      room.ready(room.member(index), epoch, at: ms(start + 400))
    }
    room.expire(at: ms(start + 2299))
    let early = room.takeActions()
    room.expire(at: ms(start + 2300))
    return early + room.takeActions()
  }

  @Test func `at the deadline the epoch executes without the laggards`() {
    var room = TestRoom.settled(4)
    room.join(at: ms(2000))
    room.expire(at: ms(2100))
    room.ready(room.member(0), 2, at: ms(2200))
    _ = room.takeActions()
    #expect(room.trigger.nextDeadline == ms(4100))
    room.expire(at: ms(4099))
    #expect(room.takeActions().isEmpty)
    room.expire(at: ms(4100))
    #expect(room.takeActions().compactMap(\.executed).map(\.epoch) == [2])
    let convergence = room.trigger.takeConvergences()
    #expect(convergence.map(\.laggards) == [4])
    #expect(convergence.map(\.allReadyAfter) == [.seconds(2)])
    #expect(room.trigger.takeConvergences().isEmpty)
  }

  @Test func `a member that misses two deadlines in a row is stale, once`() {
    var room = TestRoom.settled(3)
    let silent = room.member(1)
    #expect(!round(&room, epoch: 2, silent: [1], start: 10_000).contains(.stale(silent)))
    let second = round(&room, epoch: 3, silent: [1], start: 20_000)
    #expect(second.count == 2)
    #expect(second.first?.executed != nil)
    #expect(second.last == .stale(silent))
    #expect(!round(&room, epoch: 4, silent: [1], start: 30_000).contains(.stale(silent)))
  }

  @Test func `a deadline met in between starts the count anew`() {
    var room = TestRoom.settled(3)
    let slow = room.member(1)
    for (epoch, silent) in [(2, [1]), (3, []), (4, [1])] as [(UInt32, Set<Int>)] {
      #expect(!round(&room, epoch: epoch, silent: silent, start: UInt64(epoch) * 10_000).contains(.stale(slow)))
    }
    #expect(round(&room, epoch: 5, silent: [1], start: 50_000).contains(.stale(slow)))
  }

  @Test func `a stale member no longer holds up the room`() {
    var room = TestRoom.settled(3)
    _ = round(&room, epoch: 2, silent: [1], start: 10_000)
    _ = round(&room, epoch: 3, silent: [1], start: 20_000)
    _ = room.trigger.takeConvergences()
    _ = round(&room, epoch: 4, silent: [1], start: 30_000)
    #expect(room.trigger.takeConvergences().map(\.allReadyAfter) == [.milliseconds(100)])
  }

  @Test func `a stale member that is ready in time is awaited again`() {
    var room = TestRoom.settled(3)
    _ = round(&room, epoch: 2, silent: [1], start: 10_000)
    _ = round(&room, epoch: 3, silent: [1], start: 20_000)
    _ = round(&room, epoch: 4, silent: [1], start: 30_000)
    // After the others, but within the deadline.
    room.ready(room.member(1), 4, at: ms(31_500))
    _ = room.trigger.takeConvergences()
    _ = round(&room, epoch: 5, silent: [1], start: 40_000)
    #expect(room.trigger.takeConvergences().map(\.laggards) == [1])
  }

  @Test func `ready after the deadline does not make a stale member count again`() {
    var room = TestRoom.settled(3)
    _ = round(&room, epoch: 2, silent: [1], start: 10_000)
    _ = round(&room, epoch: 3, silent: [1], start: 20_000)
    room.ready(room.member(1), 3, at: ms(22_301))
    _ = room.trigger.takeConvergences()
    _ = round(&room, epoch: 4, silent: [1], start: 30_000)
    #expect(room.trigger.takeConvergences().map(\.laggards) == [0])
  }

  @Test func `a room of stale members only still waits for them`() {
    var room = TestRoom.settled(1)
    let only = room.member(0)
    for epoch in UInt32(2)...3 {
      let change = room.join(at: ms(UInt64(epoch) * 10_000))
      room.expire(at: ms(UInt64(epoch) * 10_000 + 100))
      room.leave(change, at: ms(UInt64(epoch) * 10_000 + 110))
      room.expire(at: ms(UInt64(epoch) * 10_000 + 2100))
      room.expire(at: ms(UInt64(epoch) * 10_000 + 9000))
      _ = room.takeActions()
    }
    #expect(room.log.members.map(\.member) == [only])
    room.join(at: ms(60_000))
    room.leave(room.member(1), at: ms(60_001))
    room.expire(at: ms(60_100))
    #expect(room.takeActions().compactMap(\.prepared).count == 1)
    #expect(room.trigger.nextDeadline == ms(62_100))
  }
}
