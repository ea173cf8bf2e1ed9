import CallKit
import ClientEngine
@testable import E2EKeys
import RelayEngine
import Signaling
import TestKit
import Testing
import WireBytes

/// The relay's advice to change keys, given wrongly or not at all.
@Suite struct AdviceTests {
  /// Clients that wait for the relay's word whatever happens.
  private static let obedient = KeyPolicy(
    failover: .practicallyNever, deadline: .practicallyNever, adviceWait: .practicallyNever)

  private struct Departure {
    let adversary: Adversary
    let members: [VirtualMember]
    let ghost: Puppet
    /// How many of the frames sent in the fifth second after the leave the one who left could open.
    let heard: (opened: Int, of: Int)
  }

  /// A member leaves and gives its keys to the operator, who does to the relay's messages what the test says.
  private func depart(
    seed: UInt64, _ policy: KeyPolicy, _ fate: @escaping (RelayMessage) -> Adversary.Passage<RelayMessage>
  ) throws -> Departure {
    let adversary = try Adversary(seed: seed)
    let members = try adversary.join(2, policy: policy)
    let ghost = try adversary.plant(try adversary.makeKeys(policy: policy))
    try adversary.call.run(for: .seconds(3))
    adversary.toMember = { _, message in fate(message) }
    adversary.redirect(to: ghost)
    ghost.answers = false
    try adversary.call.submit(.leave, on: ghost.connection)
    try adversary.call.run(for: .seconds(4))
    let heard = try adversary.eavesdrop(ghost, for: .seconds(1))
    return Departure(adversary: adversary, members: members, ghost: ghost, heard: heard)
  }

  /// Advice whose deadline never comes.
  private func patient(_ message: RelayMessage) -> RelayMessage {
    guard case .rekey(var rekey) = message, rekey.phase == .prepare else { return message }
    rekey.deadlineMs = .max
    return .rekey(rekey)
  }

  private func isExecute(_ message: RelayMessage) -> Bool {
    if case .rekey(let rekey) = message { rekey.phase == .execute } else { false }
  }

  private func expectGone(_ departure: Departure, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(departure.heard.of > 50, sourceLocation: sourceLocation)
    #expect(departure.heard.opened == 0, sourceLocation: sourceLocation)
    let members = departure.members
    for member in members {
      #expect(member.isHolding == Set(members.map(\.id)), sourceLocation: sourceLocation)
      #expect(member.participant.statistics.decryptFailures == 0, sourceLocation: sourceLocation)
    }
  }

  /// What obedience would cost: the one who left hears everything.
  private func expectStillThere(_ departure: Departure, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(departure.heard.of > 50, sourceLocation: sourceLocation)
    #expect(departure.heard.opened == departure.heard.of, sourceLocation: sourceLocation)
  }

  @Test func `execute that never comes does not keep a departed member in the call`() throws {
    let never = { [self] (message: RelayMessage) in isExecute(message) ? [] : [(patient(message), TimeInterval.zero)] }
    expectGone(try depart(seed: 360, KeyPolicy(), never))
    expectStillThere(try depart(seed: 360, Self.obedient, never))
  }

  @Test func `execute that comes late does not keep a departed member in the call`() throws {
    let late = { [self] (message: RelayMessage) in
      [(patient(message), isExecute(message) ? TimeInterval.seconds(10) : .zero)]
    }
    let departure = try depart(seed: 361, KeyPolicy(), late)
    expectGone(departure)
    let switches = departure.members.map(\.epochs.count)
    try departure.adversary.call.run(for: .seconds(10))
    #expect(departure.members.map(\.epochs.count) == switches, "when it comes at last it changes nothing")
    expectStillThere(try depart(seed: 361, Self.obedient, late))
  }

  @Test func `advice that never comes does not keep a departed member in the call`() throws {
    let silent = { (message: RelayMessage) -> Adversary.Passage<RelayMessage> in
      if case .rekey = message { [] } else { [(message, .zero)] }
    }
    let departure = try depart(seed: 362, KeyPolicy(), silent)
    expectGone(departure)
    #expect(departure.members.allSatisfy { $0.epochs.last?.cause == .leave })
    expectStillThere(try depart(seed: 362, Self.obedient, silent))
  }

  @Test func `sealed messages that are all lost end the call's media rather than its secrecy`() throws {
    let mute = { (message: RelayMessage) -> Adversary.Passage<RelayMessage> in
      if case .sealed = message { [] } else { [(message, .zero)] }
    }
    let departure = try depart(seed: 363, KeyPolicy(), mute)
    #expect(departure.heard.opened == 0)
    let members = departure.members
    let heard = members.map { $0.heardCount(of: members[1 - $0.number]) }
    try departure.adversary.call.run(for: .seconds(15))
    for member in members {
      #expect(member.told(.memberSilent(members[1 - member.number].id)))
      #expect(member.heardCount(of: members[1 - member.number]) == heard[member.number])
    }
    // Without advice, failover and deadline of their own the members would go on under the old key.
    expectStillThere(
      try depart(seed: 363, Self.obedient) { message in
        switch message {
        case .sealed, .rekey: []
        default: [(message, .zero)]
        }
      })
  }

  @Test func `execute that comes early costs no frame`() throws {
    let adversary = try Adversary(seed: 364)
    let call = adversary.call
    let members = try adversary.join(3, sendsVideo: true)
    // Said before the preparation and right after it, when nobody has the key; and the slowest gets its key a third of
    // a second later than the others.
    adversary.toMember = { [patient] member, message in
      switch message {
      case .rekey(var rekey) where rekey.phase == .prepare:
        rekey.phase = .execute
        return [(.rekey(rekey), .zero), (patient(message), .zero), (.rekey(rekey), .zero)]
      case .sealed where member == members[2].id: return [(message, .milliseconds(300))]
      default: return [(message, .zero)]
      }
    }
    var early = 0
    adversary.replace = { [members] frame in
      if frame.member == 2, frame.epoch > members[2].participant.lastKnownEpoch ?? 0 { early += 1 }
      return nil
    }
    _ = try adversary.join(1)
    try call.run(for: .seconds(2))
    try call.settle()
    #expect(early > 10, "frames that came before their key: without a place to wait they would be lost")
    for member in members {
      #expect(member.participant.statistics.decryptFailures == 0)
      for sender in members where sender !== member {
        for stream in [MediaStream.microphone, .camera0] {
          let ordinals = member.arrivals(from: sender, stream).map(\.ordinal)
          #expect(ordinals == Array(try #require(ordinals.first)..<(try #require(sender.sent[stream]?.count))))
        }
      }
    }
  }

  @Test func `execute that comes twice, and again later, changes nothing`() throws {
    let adversary = try Adversary(seed: 365)
    let members = try adversary.join(2)
    adversary.toMember = { [isExecute] _, message in
      guard isExecute(message) else { return [(message, .zero)] }
      return [(message, .zero), (message, .zero), (message, .milliseconds(40)), (message, .seconds(3))]
    }
    let joiner = try adversary.join(1)[0]
    try adversary.call.run(for: .seconds(1))
    try adversary.call.leave(joiner)
    try adversary.call.run(for: .seconds(8))
    for member in members {
      let epochs = member.epochs.map(\.epoch)
      #expect(epochs == Array(Set(epochs)).sorted(), "each epoch once")
      #expect(member.epochs.count { $0.cause == .leave } == 1)
      #expect(member.participant.statistics.decryptFailures == 0)
    }
    let heard = try adversary.eavesdrop(for: .seconds(1)) {
      joiner.participant.canOpen($0, at: adversary.call.now)
    }
    #expect(heard.opened == 0)
  }

  @Test func `advice for an epoch that is far away stops no rekey of the clients`() throws {
    for (seed, phase) in [(366 as UInt64, Rekey.Phase.execute), (367, .prepare)] {
      let adversary = try Adversary(seed: seed)
      let call = adversary.call
      let members = try adversary.join(2)
      let ghost = try adversary.plant(try adversary.makeKeys())
      try call.run(for: .seconds(1))
      for member in members {
        guard let advice = adversary.views[member.id]?.advice(phase, epoch: 0xFFFF_0000, cause: .periodic) else {
          continue
        }
        call.tell(member.id, advice)
      }
      try call.run(for: .seconds(4))
      adversary.redirect(to: ghost)
      try call.submit(.leave, on: ghost.connection)
      try call.run(for: .seconds(8))
      let before = members.map { $0.heardCount(of: members[1 - $0.number]) }
      let heard = try adversary.eavesdrop(ghost, for: .seconds(1))
      #expect(heard.opened == 0)
      for member in members {
        #expect(
          member.heardCount(of: members[1 - member.number]) > before[member.number] + 40, "\(phase): they still talk")
      }
    }
  }

  @Test func `advice and keys that are delayed, doubled and reordered leave nobody behind`() throws {
    let adversary = try Adversary(seed: 368)
    let call = adversary.call
    let members = try adversary.join(3)
    var random = SeededRandom(seed: 4)
    adversary.toMember = { _, message in
      switch message {
      case .rekey, .sealed:
        (0..<Int.random(in: 1...3, using: &random)).map { _ in
          (message, .milliseconds(UInt64.random(in: 0...900, using: &random)))
        }
      default: [(message, .zero)]
      }
    }
    let joiners = try adversary.join(2)
    try call.run(for: .seconds(3))
    let ghost = members[1]
    try call.leave(ghost)
    try call.run(for: .seconds(6))
    let rest = [members[0], members[2]] + joiners
    let heard = try adversary.eavesdrop(for: .seconds(1)) { ghost.participant.canOpen($0, at: call.now) }
    #expect(heard.of > 100)
    #expect(heard.opened == 0)
    let epoch = try #require(rest[0].participant.sendingEpoch)
    for member in rest {
      #expect(member.participant.sendingEpoch == epoch)
      #expect(member.isHolding == Set(rest.map(\.id)))
      #expect(!member.told.contains { if case .logMismatch = $0 { true } else { false } })
    }
    #expect(rest.allSatisfy { $0.mismatches == 0 && $0.outOfOrder == 0 })
  }

  @Test func `a rekey storm makes a bounded number of keys`() throws {
    let adversary = try Adversary(seed: 369)
    let call = adversary.call
    let members = try adversary.join(4)
    try call.run(for: .seconds(2))
    let start = (sealed: adversary.sealed.count, epochs: members.map(\.epochs.count))
    let bytes = adversary.sealed.reduce(0) { $0 + $1.body.bytes.count }
    let began = members.map { $0.participant.keyMetrics }
    var epoch: UInt32 = 100
    let causes: [RekeyCause] = [.periodic, .join, .leave, .mixed]
    let seconds = 10
    for step in 0..<(200 * seconds) {
      call.plan(after: .milliseconds(UInt64(step) * 5)) {
        epoch += 1
        for member in members {
          guard let view = adversary.views[member.id] else { continue }
          for phase in [Rekey.Phase.prepare, .execute] {
            call.tell(member.id, view.advice(phase, epoch: epoch, cause: causes[step % 4]))
          }
        }
      }
    }
    try call.run(for: .seconds(UInt64(seconds)))
    let commits = adversary.sealed[start.sealed...].count { $0.to == nil }
    let switches = zip(members, start.epochs).map { $0.epochs.count - $1 }.max() ?? 0
    let sent = adversary.sealed.reduce(0) { $0 + $1.body.bytes.count } - bytes
    func operations(_ operation: KeyOperation) -> UInt64 {
      zip(members, began).map { member, before in
        (member.participant.keyMetrics.durations[operation]?.count ?? 0) - (before.durations[operation]?.count ?? 0)
      }.max() ?? 0
    }
    print(
      "rekey storm, \(members.count) members, 200 prepares and 200 executes per second for \(seconds) s: "
        + "\(commits) commits, \(switches) switches, \(sent) sealed bytes; at most per member "
        + KeyOperation.allCases.map { "\($0.label) \(operations($0))" }.joined(separator: ", "))
    #expect(commits <= 5 * seconds)
    #expect(switches <= 5 * seconds)
    #expect(operations(.sign) <= UInt64(10 * seconds))
    #expect(operations(.verify) <= UInt64(20 * seconds))
    #expect(operations(.generateKeys) <= UInt64(2 * seconds))
    #expect(sent <= seconds * 200_000)
    // And the call goes on.
    try call.run(for: .seconds(3))
    let before = members.map { $0.heardCount(of: members[($0.number + 1) % 4]) }
    try call.run(for: .seconds(1))
    for member in members {
      #expect(member.heardCount(of: members[(member.number + 1) % 4]) > before[member.number] + 40)
    }
  }

  @Test func `announcements that are said again by the thousand cost no signature check`() throws {
    let adversary = try Adversary(seed: 370)
    let call = adversary.call
    let members = try adversary.join(3)
    for _ in 0..<3 {
      let joiner = try adversary.join(1)[0]
      try call.run(for: .seconds(1))
      try call.leave(joiner)
      try call.run(for: .seconds(1))
    }
    try call.run(for: .seconds(2))
    let announcements = adversary.sealed.filter { $0.to == nil }
    #expect(announcements.count >= 7)
    func checks() -> [UInt64] { members.map { $0.participant.keyMetrics.durations[.verify]?.count ?? 0 } }
    let (before, events) = (checks(), members.map(\.told.count))
    #expect(before.allSatisfy { $0 > 5 })
    for _ in 0..<200 {
      for message in announcements {
        for member in members where member.id != message.from {
          call.tell(member.id, .sealed(SealedFromMember(from: message.from, body: message.body)))
        }
      }
    }
    try call.run(for: .seconds(1))
    #expect(checks() == before)
    #expect(members.map(\.told.count) == events)
  }
}
