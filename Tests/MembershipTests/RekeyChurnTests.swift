import Membership
import Signaling
import TestKit
import Testing
import WireBytes

@Suite struct RekeyChurnTests {
  /// Random joins, leaves and readies, in a room that never quite empties.
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `every change is taken in exactly once and in order, one epoch at a time`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var room = TestRoom(timing: RekeyTiming(periodic: .seconds(10)))
    var now = ms(0)
    var preparing: Rekey?
    var takenIn: [UInt32] = []
    var lastEpoch: UInt32 = 0
    room.join(at: now)
    for _ in 0..<4000 {
      now = now + .milliseconds(UInt64.random(in: 0..<120, using: &random))
      let members = room.log.members.map(\.member)
      switch Int.random(in: 0..<6, using: &random) {
      case 0 where members.count < 30: room.join(at: now)
      case 1 where members.count > 1: room.leave(members.randomElement(using: &random)!, at: now)
      case 2...4:
        for member in members where Bool.random(using: &random) {
          room.ready(member, preparing?.epoch ?? lastEpoch, at: now)
        }
      default: break
      }
      room.expire(at: now)
      for action in room.takeActions() {
        switch action {
        case .prepare(let rekey):
          #expect(preparing == nil)
          #expect(rekey.epoch == lastEpoch + 1)
          #expect(rekey.head == room.log.head && rekey.rosterHash == room.log.rosterHash())
          #expect((rekey.cause == .periodic) == rekey.changes.isEmpty)
          takenIn += rekey.changes
          preparing = rekey
          lastEpoch = rekey.epoch
        case .execute(let rekey, let added):
          #expect(rekey.epoch == preparing?.epoch && rekey.head == preparing?.head)
          #expect(added.allSatisfy { room.log.contains($0) })
          preparing = nil
        case .stale(let member):
          #expect(room.log.contains(member))
        }
      }
      #expect(room.trigger.nextDeadline > now)
      #expect(room.trigger.nextDeadline <= now + .seconds(10))
    }
    room.expire(at: now + .seconds(3))
    room.expire(at: now + .seconds(6))
    takenIn += room.takeActions().compactMap(\.prepared).flatMap(\.changes)
    #expect(takenIn == Array(1...room.log.head.n))
  }
}
