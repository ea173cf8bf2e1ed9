import CallKit
import ClientEngine
@testable import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

/// What the relay can do to messages that it cannot read.
@Suite struct SealedMessageTests {
  /// The victim's end of its channel with a member, as it stands.
  private func channel(of victim: Puppet, with member: MemberID) throws -> PairwiseChannel {
    try #require(victim.keys.log?.member(member)?.channel)
  }

  /// Why the victim's channel does not open a body; nil if it does. Leaves the channel as it is.
  private func refusal(_ body: [UInt8], _ channel: PairwiseChannel) -> E2EError? {
    var copy = channel
    do throws(E2EError) { _ = try copy.open(body) } catch { return error }
    return nil
  }

  private func pairwise(_ message: Adversary.SealedInTransit) -> Bool {
    message.body.bytes.first == PairwiseChannel.version
  }

  @Test func `sealed messages said twice and again later are taken once`() throws {
    let adversary = try Adversary(seed: 380)
    let call = adversary.call
    let alice = try adversary.join(1)[0]
    let victim = try adversary.plant(try adversary.makeKeys())
    try call.run(for: .seconds(1))
    let fresh = try channel(of: victim, with: alice.id)
    let start = adversary.sealed.count
    adversary.toMember = { _, message in
      guard case .sealed = message else { return [(message, .zero)] }
      return [(message, .zero), (message, .zero), (message, .seconds(3))]
    }
    try alice.participant.say("once", at: call.now, into: alice.batch)
    let joiner = try adversary.join(1)[0]
    try call.run(for: .seconds(6))
    try call.leave(joiner)
    try call.run(for: .seconds(8))
    #expect(victim.events.count { $0 == .chat(alice.id, text: "once") } == 1)
    let switches = victim.events.compactMap { if case .epochActive(let epoch, _, _, _, _) = $0 { epoch } else { nil } }
    #expect(switches == Array(Set(switches)).sorted(), "each epoch once")
    #expect(!victim.events.contains { if case .rekeyFailed = $0 { true } else { false } })
    // A channel that had not seen them would take every one of them again.
    let bodies = adversary.sealed[start...].filter { $0.from == alice.id && $0.to == victim.id }.map(\.body.bytes)
    #expect(bodies.count >= 3)
    let present = try channel(of: victim, with: alice.id)
    #expect(bodies.allSatisfy { refusal($0, present) == .replayed })
    #expect(bodies.allSatisfy { refusal($0, fresh) == nil })
  }

  @Test func `sealed messages of an older call of the same people in the same room open nowhere`() throws {
    let identities = (try MemberIdentity(), try MemberIdentity())
    let first = try Adversary(seed: 381)
    let alice = try first.addMember(identity: identities.0)
    try first.call.connect(alice)
    try first.call.run(for: .seconds(1))
    let bob = try first.plant(try first.makeKeys(identity: identities.1))
    let unread = try channel(of: bob, with: alice.id)
    let start = first.sealed.count
    let joiner = try first.join(1)[0]
    try first.call.leave(joiner)
    try first.call.run(for: .seconds(8))
    let old = first.sealed[start...].filter { $0.from == alice.id && ($0.to == nil || $0.to == bob.id) }
    #expect(old.count { $0.to == nil } >= 2)
    #expect(old.filter(pairwise).count >= 3)

    for invite in [first.call.invite, nil] {
      let second = Adversary(try VirtualCall(seed: 382, invite: invite))
      let aliceAgain = try second.addMember(identity: identities.0)
      try second.call.connect(aliceAgain)
      try second.call.run(for: .seconds(1))
      let bobAgain = try second.plant(try second.makeKeys(identity: identities.1, seed: 667))
      try second.call.run(for: .seconds(1))
      let (events, epoch) = (bobAgain.events.count, bobAgain.keys.sendingEpoch)
      for message in old {
        second.call.tell(bobAgain.id, .sealed(SealedFromMember(from: aliceAgain.id, body: message.body)))
      }
      try second.call.run(for: .milliseconds(100))
      #expect(bobAgain.events.count == events)
      #expect(bobAgain.keys.sendingEpoch == epoch)
      let present = try channel(of: bobAgain, with: aliceAgain.id)
      let refusals = old.filter(pairwise).map { refusal($0.body.bytes, present) }
      // Numbers that this call has used as well are not even tried.
      #expect(refusals.allSatisfy { $0 == .authenticationFailed || $0 == .replayed })
      #expect(refusals.contains(.authenticationFailed))
    }
    // In the call that they were made for, a member that had not read them yet would take them.
    #expect(old.filter(pairwise).allSatisfy { refusal($0.body.bytes, unread) == nil })
  }

  @Test func `sealed messages that are cut short or changed are dropped, and what was lost is asked for again`() throws
  {
    let adversary = try Adversary(seed: 383)
    let call = adversary.call
    let members = try adversary.join(2)
    let victim = members[1]
    var random = SeededRandom(seed: 5)
    var harmed: [[UInt8]] = []
    var isHarming = true
    adversary.toMember = { member, message in
      guard isHarming, member == victim.id, case .sealed(var sealed) = message else { return [(message, .zero)] }
      var bytes = sealed.body.bytes
      if Bool.random(using: &random) {
        bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
      } else {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      harmed.append(bytes)
      sealed.body = Blob(bytes)
      return [(.sealed(sealed), .zero)]
    }
    let start = adversary.sealed.count
    let joiner = try adversary.join(1)[0]
    try call.run(for: .seconds(11))
    #expect(harmed.count > 5)
    #expect(!victim.told.contains { if case .rekeyFailed = $0 { true } else { false } })
    let intact = Set(adversary.sealed[start...].map(\.body.bytes))
    #expect(harmed.allSatisfy { !intact.contains($0) })
    isHarming = false
    try call.run(for: .seconds(15))
    #expect(Set([joiner, members[0], victim].map(\.participant.sendingEpoch)).count == 1)
    let before = victim.heardCount(of: joiner)
    try call.run(for: .seconds(1))
    #expect(victim.heardCount(of: joiner) > before + 40)
  }

  @Test func `sealed messages for another member, or from another, open nowhere else`() throws {
    let adversary = try Adversary(seed: 384)
    let call = adversary.call
    let alice = try adversary.join(1)[0]
    let bob = try adversary.plant(try adversary.makeKeys(seed: 11))
    let carol = try adversary.plant(try adversary.makeKeys(seed: 12))
    try call.run(for: .seconds(1))
    let unread = try channel(of: bob, with: alice.id)
    let (toCarol, fromBob) = (try channel(of: carol, with: alice.id), try channel(of: carol, with: bob.id))
    let start = adversary.sealed.count
    // Everything that is for Bob goes to Carol as well, under either name; everything from Bob comes as from Alice too.
    adversary.toMember = { member, message in
      if case .sealed(let sealed) = message {
        if member == bob.id {
          for from in [alice.id, bob.id] {
            call.tell(carol.id, .sealed(SealedFromMember(from: from, body: sealed.body)))
          }
        }
        if member == carol.id, sealed.from == bob.id {
          call.tell(carol.id, .sealed(SealedFromMember(from: alice.id, body: sealed.body)))
        }
      }
      return [(message, .zero)]
    }
    try alice.participant.say("for all", at: call.now, into: alice.batch)
    let joiner = try adversary.join(1)[0]
    try call.run(for: .seconds(7))
    #expect(carol.events.count { $0 == .chat(alice.id, text: "for all") } == 1)
    #expect(!carol.events.contains { if case .rekeyFailed = $0 { true } else { false } })
    #expect(Set([alice.participant.sendingEpoch, carol.keys.sendingEpoch, bob.keys.sendingEpoch]).count == 1)
    #expect(joiner.isHolding.count == 4)
    let bodies = adversary.sealed[start...].filter { $0.from == alice.id && $0.to == bob.id }.map(\.body.bytes)
    #expect(bodies.count >= 2)
    #expect(bodies.allSatisfy { refusal($0, toCarol) == .authenticationFailed })
    #expect(bodies.allSatisfy { refusal($0, fromBob) == .authenticationFailed })
    // Where they belong they open.
    #expect(bodies.allSatisfy { refusal($0, unread) == nil })
  }

  @Test func `keys that come late are taken when they come`() throws {
    for (seed, delay) in [(385 as UInt64, TimeInterval.milliseconds(400)), (386, .milliseconds(1_500))] {
      let adversary = try Adversary(seed: seed)
      let call = adversary.call
      let members = try adversary.join(3)
      adversary.toMember = { _, message in
        if case .sealed = message { [(message, delay)] } else { [(message, .zero)] }
      }
      let ghost = members[2]
      try call.leave(ghost)
      try call.run(for: .seconds(5))
      let heard = try adversary.eavesdrop(for: .seconds(1)) { ghost.participant.canOpen($0, at: call.now) }
      #expect(heard.of > 50)
      #expect(heard.opened == 0)
      #expect(members[0].participant.sendingEpoch == members[1].participant.sendingEpoch)
      let before = members[1].heardCount(of: members[0])
      try call.run(for: .seconds(1))
      #expect(members[1].heardCount(of: members[0]) > before + 40)
    }
  }

  @Test(arguments: [0, 1, 2])
  func `a member that is cut off for a while is named as silent and taken back`(number: Int) throws {
    for (seed, isDeaf) in [(387 as UInt64, true), (388, false)] {
      let adversary = try Adversary(seed: seed + UInt64(10 * number))
      let call = adversary.call
      let members = try adversary.join(3)
      let victim = members[number]
      try call.run(for: .seconds(1))
      adversary.toMember = { member, message in
        guard case .sealed(let sealed) = message else { return [(message, .zero)] }
        let isCut = isDeaf ? member == victim.id : sealed.from == victim.id
        return isCut ? [] : [(message, .zero)]
      }
      try call.run(for: .seconds(22))
      adversary.toMember = nil
      try call.run(for: .seconds(10))
      let others = members.filter { $0 !== victim }
      for other in others {
        #expect(isDeaf ? victim.told(.memberSilent(other.id)) : other.told(.memberSilent(victim.id)))
      }
      let before = others.map { [victim.heardCount(of: $0), $0.heardCount(of: victim)] }
      try call.run(for: .seconds(1))
      for (other, counts) in zip(others, before) {
        #expect(victim.heardCount(of: other) > counts[0] + 40, "deaf \(isDeaf): hears \(other.number)")
        #expect(other.heardCount(of: victim) > counts[1] + 40, "deaf \(isDeaf): is heard by \(other.number)")
      }
      #expect(Set(members.map(\.participant.sendingEpoch)).count == 1)
    }
  }
}
