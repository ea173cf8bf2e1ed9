import Membership
import Signaling
import Testing
import WireBytes

@Suite struct RekeyTriggerTests {
  @Test func `the first member gets its own epoch`() {
    var room = TestRoom()
    #expect(room.trigger.nextDeadline == .never)
    let member = room.join(at: ms(10))
    #expect(room.trigger.nextDeadline == ms(60))
    #expect(room.trigger.executedEpoch == 0)
    room.expire(at: ms(59))
    #expect(room.takeActions().isEmpty)
    room.expire(at: ms(60))
    let expected = Rekey(
      epoch: 1, phase: .prepare, cause: .join, changes: [1], head: room.log.head, rosterHash: room.log.rosterHash(),
      deadlineMs: 2000)
    #expect(room.takeActions() == [.prepare(expected)])
    #expect(room.trigger.nextDeadline == ms(2060))
    room.ready(member, 1, at: ms(70))
    var executed = expected
    executed.phase = .execute
    executed.deadlineMs = 0
    #expect(room.takeActions() == [.execute(executed, addedMembers: [member])])
    #expect(room.trigger.executedEpoch == 1)
  }

  @Test func `changes within the window become one epoch`() {
    var room = TestRoom.settled(3)
    room.join(at: ms(2000))
    room.join(at: ms(2020))
    room.join(at: ms(2049))
    room.expire(at: room.trigger.nextDeadline)
    let prepared = room.takeActions().compactMap(\.prepared)
    #expect(prepared.count == 1)
    #expect(prepared.first?.changes == [4, 5, 6])
    #expect(prepared.first?.cause == .join)
  }

  @Test func `a stream of changes cannot put its epoch off`() {
    var room = TestRoom.settled(2)
    for step in 0..<30 {
      let now = ms(2000 + UInt64(step) * 10)
      room.expire(at: now)
      room.join(at: now)
    }
    let prepared = room.takeActions().compactMap(\.prepared)
    #expect(prepared.count == 1)
    #expect((prepared.first?.changes.count ?? 0) < 10)
  }

  @Test(
    arguments: [
      (joins: 1, leaves: 0, cause: RekeyCause.join), (0, 1, .leave), (2, 1, .mixed), (0, 2, .leave),
    ])
  func `the cause follows from the kinds of change`(joins: Int, leaves: Int, cause: RekeyCause) {
    var room = TestRoom.settled(5)
    for _ in 0..<leaves { room.leave(room.member(1), at: ms(2000)) }
    for _ in 0..<joins { room.join(at: ms(2010)) }
    room.expire(at: ms(2100))
    #expect(room.takeActions().compactMap(\.prepared).map(\.cause) == [cause])
  }

  @Test func `one who joins and leaves within the window makes a mixed epoch and is not added`() {
    var room = TestRoom.settled(2)
    let passing = room.join(at: ms(2000))
    room.leave(passing, at: ms(2010))
    room.expire(at: ms(2100))
    room.allReady(2, at: ms(2150))
    let actions = room.takeActions()
    #expect(actions.first?.prepared?.cause == .mixed)
    #expect(actions.first?.prepared?.changes == [3, 4])
    #expect(actions.last?.added == [])
  }

  @Test func `two hundred members at once are one epoch that executes with the last ready`() {
    var room = TestRoom()
    for index in 0..<200 { room.join(at: ms(UInt64(index) / 4)) }
    #expect(room.trigger.nextDeadline == ms(250))
    room.expire(at: ms(250))
    let prepared = room.takeActions().compactMap(\.prepared)
    #expect(prepared.map(\.changes) == [Array(1...200)])
    for index in 0..<199 { room.ready(room.member(index), 1, at: ms(300)) }
    #expect(room.takeActions().isEmpty)
    room.ready(room.member(199), 1, at: ms(400))
    let actions = room.takeActions()
    #expect(actions.count == 1)
    #expect(actions.first?.added == room.log.members.map(\.member))
    let convergences = room.trigger.takeConvergences()
    #expect(convergences.map(\.allReadyAfter) == [.milliseconds(150)])
    #expect(convergences.map(\.changedAt) == [ms(0)])
  }

  @Test func `ready of others, of another epoch and twice does not execute early`() {
    var room = TestRoom.settled(3)
    room.join(at: ms(2000))
    room.expire(at: ms(2100))
    _ = room.takeActions()
    let stranger = MemberID(bundleHash: [UInt8](repeating: 9, count: 32))
    for _ in 0..<5 {
      room.ready(stranger, 2, at: ms(2110))
      room.ready(room.member(0), 2, at: ms(2110))
      room.ready(room.member(1), 1, at: ms(2110))
      room.ready(room.member(1), 3, at: ms(2110))
      room.ready(room.member(1), .max, at: ms(2110))
    }
    #expect(room.takeActions().isEmpty)
    room.allReady(2, at: ms(2120))
    #expect(room.takeActions().compactMap(\.executed).map(\.epoch) == [2])
  }

  @Test func `a change during preparation goes to the next epoch at once`() {
    var room = TestRoom.settled(2)
    room.join(at: ms(2000))
    room.expire(at: ms(2100))
    let late = room.join(at: ms(2110))
    room.expire(at: ms(2300))
    #expect(room.takeActions().compactMap(\.prepared).map(\.epoch) == [2])
    room.ready(room.member(0), 2, at: ms(2310))
    room.ready(room.member(1), 2, at: ms(2310))
    // The one who came during the preparation is not part of it and is not awaited.
    room.ready(room.member(2), 2, at: ms(2310))
    let actions = room.takeActions()
    #expect(actions.count == 2)
    #expect(actions.first?.executed?.changes == [3])
    #expect(actions.last?.prepared?.epoch == 3)
    #expect(actions.last?.prepared?.changes == [4])
    room.allReady(3, at: ms(2400))
    #expect(room.takeActions().first?.added == [late])
  }

  @Test func `a change shortly before execution still waits for its window`() {
    var room = TestRoom.settled(2)
    room.join(at: ms(2000))
    room.expire(at: ms(2100))
    room.join(at: ms(2110))
    room.allReady(2, at: ms(2120))
    #expect(room.takeActions().compactMap(\.prepared).map(\.epoch) == [2])
    #expect(room.trigger.nextDeadline > ms(2155))
    #expect(room.trigger.nextDeadline < ms(2170))
  }

  @Test func `a member that leaves during preparation is not awaited and goes with the next epoch`() {
    var room = TestRoom.settled(3)
    let joiner = room.join(at: ms(2000))
    room.expire(at: ms(2100))
    let leaver = room.member(2)
    for index in [0, 1, 3] { room.ready(room.member(index), 2, at: ms(2120)) }
    _ = room.takeActions()
    room.leave(leaver, at: ms(2130))
    #expect(room.trigger.nextDeadline <= ms(2130))
    room.expire(at: ms(2130))
    let actions = room.takeActions()
    #expect(actions.count == 1)
    #expect(actions.first?.added == [joiner])
    #expect(room.trigger.takeConvergences().map(\.laggards) == [0])
    room.expire(at: room.trigger.nextDeadline)
    let next = room.takeActions()
    #expect(next.first?.prepared?.cause == .leave)
    #expect(next.first?.prepared?.rosterHash == room.log.rosterHash())
  }

  @Test func `a joiner that leaves during preparation is not among the added`() {
    var room = TestRoom.settled(2)
    let passing = room.join(at: ms(2000))
    room.expire(at: ms(2100))
    room.leave(passing, at: ms(2110))
    room.allReady(2, at: ms(2120))
    #expect(room.takeActions().compactMap(\.added).first == [])
  }
}
