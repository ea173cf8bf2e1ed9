import Membership
import Signaling
import Testing
import WireBytes

@Suite struct RekeyPeriodicTests {
  private let timing = RekeyTiming(periodic: .seconds(10))

  @Test func `a room at rest rekeys periodically`() {
    var room = TestRoom.settled(2, timing: timing)
    for epoch in UInt32(2)...4 {
      let due = ms(1000 + UInt64(epoch - 1) * 10_000)
      #expect(room.trigger.nextDeadline == due)
      room.expire(at: due)
      let prepared = room.takeActions().compactMap(\.prepared)
      #expect(prepared.map(\.epoch) == [epoch])
      #expect(prepared.map(\.cause) == [.periodic])
      #expect(prepared.map(\.changes) == [[]])
      room.allReady(epoch, at: due + .milliseconds(50))
      #expect(room.takeActions().compactMap(\.added) == [[]])
    }
  }

  @Test func `changes do not put the periodic epoch off`() {
    var room = TestRoom.settled(2, timing: timing)
    room.join(at: ms(9000))
    room.expire(at: ms(9100))
    room.allReady(2, at: ms(9200))
    _ = room.takeActions()
    #expect(room.trigger.nextDeadline == ms(11_000))
  }

  @Test func `a periodic epoch that falls into a window follows the change`() {
    var room = TestRoom.settled(2, timing: timing)
    room.join(at: ms(10_990))
    #expect(room.trigger.nextDeadline > ms(11_000))
    room.expire(at: ms(11_000))
    #expect(room.takeActions().isEmpty)
    room.expire(at: ms(11_050))
    #expect(room.takeActions().compactMap(\.prepared).map(\.cause) == [.join])
    room.allReady(2, at: ms(11_100))
    #expect(room.takeActions().compactMap(\.prepared).map(\.cause) == [.periodic])
  }

  @Test func `zero turns periodic epochs off`() {
    let room = TestRoom.settled(2, timing: RekeyTiming(periodic: .zero))
    #expect(room.trigger.nextDeadline == .never)
  }

  @Test func `an empty room goes idle and never uses an epoch number again`() {
    var room = TestRoom.settled(2, timing: timing)
    room.join(at: ms(2000))
    room.expire(at: ms(2100))
    #expect(room.takeActions().compactMap(\.prepared).map(\.epoch) == [2])
    for member in room.log.members.map(\.member) { room.leave(member, at: ms(2110)) }
    #expect(room.trigger.nextDeadline == .never)
    #expect(room.trigger.executedEpoch == 0)
    room.expire(at: ms(60_000))
    #expect(room.takeActions().isEmpty)
    room.join(at: ms(61_000))
    room.expire(at: ms(61_050))
    #expect(room.takeActions().compactMap(\.prepared).map(\.epoch) == [3])
  }
}
