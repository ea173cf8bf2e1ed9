import Membership
import Signaling
import WireBytes

/// A deterministic stand-in for SHA3-256: four lanes of FNV-1a, 32 bytes.
let testHash: MembershipLog.Hash = { bytes in
  var output: [UInt8] = []
  for lane in UInt64(0)..<4 {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325 ^ (lane &* 0x9E37_79B9_7F4A_7C15)
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    output.append(u64: state)
  }
  return output
}

let testRoom = RoomID(bytes: Array(0..<16))!

func ms(_ milliseconds: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: milliseconds * 1_000_000) }

/// A room in virtual time: a log and its trigger, and the actions since they were last taken.
struct TestRoom: ~Copyable {
  var log = MembershipLog(room: testRoom, hash: testHash)
  var trigger: RekeyTrigger
  var actions: [RekeyTrigger.Action] = []
  private var nextBundle: UInt32 = 0

  init(timing: RekeyTiming = RekeyTiming()) { trigger = RekeyTrigger(timing: timing) }

  @discardableResult
  mutating func join(at now: MonotonicInstant) -> MemberID {
    nextBundle += 1
    var bundle: [UInt8] = []
    bundle.append(u32: nextBundle)
    let entry = log.join(bundle: Blob(bundle), at: now)
    trigger.changed(entry: entry, log: log, at: now)
    return entry.member
  }

  mutating func leave(_ member: MemberID, cause: MembershipCause = .left, at now: MonotonicInstant) {
    guard let entry = log.leave(member, cause: cause) else { return }
    trigger.changed(entry: entry, log: log, at: now)
  }

  mutating func ready(_ member: MemberID, _ epoch: UInt32, at now: MonotonicInstant) {
    actions += trigger.ready(member, epoch: epoch, log: log, at: now)
  }

  mutating func allReady(_ epoch: UInt32, at now: MonotonicInstant) {
    for member in log.members.map(\.member) { ready(member, epoch, at: now) }
  }

  mutating func expire(at now: MonotonicInstant) { actions += trigger.expire(log: log, at: now) }

  mutating func takeActions() -> [RekeyTrigger.Action] {
    defer { actions = [] }
    return actions
  }

  /// A room of `count` members that has executed its first epoch at 1000 ms and is at rest.
  static func settled(_ count: Int, timing: RekeyTiming = RekeyTiming()) -> (TestRoom) {
    var room = TestRoom(timing: timing)
    for _ in 0..<count { room.join(at: ms(0)) }
    room.expire(at: ms(900))
    room.allReady(1, at: ms(1000))
    _ = room.takeActions()
    _ = room.trigger.takeConvergences()
    return room
  }

  func member(_ index: Int) -> MemberID { log.members[index].member }
}

extension RekeyTrigger.Action {
  var prepared: Rekey? {
    if case .prepare(let rekey) = self { rekey } else { nil }
  }
  var executed: Rekey? {
    if case .execute(let rekey, _) = self { rekey } else { nil }
  }
  var added: [MemberID]? {
    if case .execute(_, let members) = self { members } else { nil }
  }
}
