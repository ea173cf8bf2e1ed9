import CallKit
import ClientEngine
@testable import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

/// Lies about who is in the room.
@Suite struct RoomLieTests {
  private static let unwatched = KeyPolicy(heartbeat: .practicallyNever, silence: .practicallyNever)

  /// Three members; a fourth joins, and the second is shown somebody else in its place.
  private func fork(_ policy: KeyPolicy) throws -> (
    adversary: Adversary, members: [VirtualMember], joiner: VirtualMember
  ) {
    let adversary = try Adversary(seed: 340)
    let members = try adversary.join(3, policy: policy)
    let joiner = try adversary.addMember(policy: policy)
    let other = try adversary.makeKeys(seed: 9)
    adversary.views[members[1].id]?.substitutes[joiner.id] = other.bundle
    try adversary.call.connect(joiner)
    try adversary.call.run(for: .seconds(12))
    return (adversary, members, joiner)
  }

  @Test func `two members who are shown different rooms are told of each other and share no key`() throws {
    let (adversary, members, joiner) = try fork(KeyPolicy())
    let (alice, victim, carol) = (members[0], members[1], members[2])
    for member in [alice, carol] {
      #expect(member.told(.logMismatch(victim.id)))
      #expect(victim.told(.logMismatch(member.id)))
    }
    #expect(victim.told.contains { if case .rekeyFailed(_, .rosterMismatch) = $0 { true } else { false } })
    // Those who were shown the same room go on without the one who was not.
    let heard = try adversary.eavesdrop(for: .seconds(1)) { victim.participant.canOpen($0, at: adversary.call.now) }
    #expect(heard.of > 100)
    #expect(heard.opened == 0)
    #expect(joiner.heardCount(of: alice) > 400)
    // Without heartbeats nobody is told who was lied to.
    let control = try fork(Self.unwatched)
    for member in control.members + [control.joiner] {
      #expect(!member.told.contains { if case .logMismatch = $0 { true } else { false } })
    }
  }

  @Test func `a late joiner shown another roster under the true head gets no key`() throws {
    let adversary = try Adversary(seed: 341)
    let members = try adversary.join(3)
    let joiner = try adversary.addMember()
    // It is not to know that the third is there.
    adversary.views[joiner.id]?.hidden = [members[2].id]
    try adversary.call.connect(joiner)
    try adversary.call.run(for: .seconds(8))
    let heard = try adversary.eavesdrop(for: .seconds(1)) { joiner.participant.canOpen($0, at: adversary.call.now) }
    #expect(heard.of > 100)
    #expect(heard.opened == 0)
    #expect(joiner.told.contains { if case .rekeyFailed(_, .rosterMismatch) = $0 { true } else { false } })
    // Shown the true roster, another joiner hears everybody.
    let control = try adversary.join(1)[0]
    try adversary.call.run(for: .seconds(4))
    #expect(members.allSatisfy { control.heardCount(of: $0) > 50 })
  }

  /// Two members and one that leaves in secret and gives its keys to the operator: what they open from then on.
  private func hideLeave(_ policy: KeyPolicy) throws -> (
    early: (opened: Int, of: Int), late: (opened: Int, of: Int), members: [VirtualMember], ghost: Puppet
  ) {
    let adversary = try Adversary(seed: 342)
    let members = try adversary.join(2, policy: policy)
    let ghost = try adversary.plant(try adversary.makeKeys(policy: policy))
    try adversary.call.run(for: .seconds(1))
    adversary.show(members.map(\.id)) { $0.immortal = [ghost.id] }
    adversary.redirect(to: ghost)
    ghost.answers = false
    try adversary.call.submit(.leave, on: ghost.connection)
    let early = try adversary.eavesdrop(ghost, for: .seconds(5))
    try adversary.call.run(for: .seconds(13))
    return (early, try adversary.eavesdrop(ghost, for: .seconds(5)), members, ghost)
  }

  @Test func `a leave that is hidden is noticed by the member's silence`() throws {
    let hidden = try hideLeave(KeyPolicy())
    #expect(hidden.early.opened == hidden.early.of, "until then it is a member like any other, and everybody sees it")
    #expect(hidden.late.of > 200)
    #expect(hidden.late.opened == 0)
    for member in hidden.members {
      #expect(member.told(.memberSilent(hidden.ghost.id)))
      #expect(member.isHolding == Set(hidden.members.map(\.id)))
    }
    // Without that watch it would be there for ever.
    let control = try hideLeave(KeyPolicy(silence: .practicallyNever))
    #expect(control.late.opened == control.late.of)
    #expect(control.members.allSatisfy { $0.isHolding.contains(control.ghost.id) })
  }

  /// One member is told nothing of the log any more; a third leaves, gives its keys away, and goes on talking to it.
  private func keepInTheDark(_ policy: KeyPolicy) throws -> (
    adversary: Adversary, members: [VirtualMember], ghost: Puppet
  ) {
    let adversary = try Adversary(seed: 343)
    let members = try adversary.join(2, policy: policy)
    let ghost = try adversary.plant(try adversary.makeKeys(policy: policy))
    try adversary.call.run(for: .seconds(1))
    adversary.views[members[1].id]?.isFrozen = true
    adversary.redirect(to: ghost)
    try adversary.call.submit(.leave, on: ghost.connection)
    try adversary.call.run(for: .seconds(20))
    return (adversary, members, ghost)
  }

  @Test func `a member that is told nothing any more learns from the others that it lags behind`() throws {
    let dark = try keepInTheDark(KeyPolicy())
    let (alice, victim) = (dark.members[0], dark.members[1])
    #expect(victim.told(.logMismatch(alice.id)))
    #expect(!alice.isHolding.contains(dark.ghost.id))
    let start = dark.adversary.frames.count
    try dark.adversary.call.run(for: .seconds(1))
    let frames = dark.adversary.frames[start...].filter { $0.member == alice.number }
    #expect(frames.count > 40)
    #expect(!frames.contains { dark.ghost.opens($0.bytes, at: dark.adversary.call.now) })
    // Without heartbeats it would not learn.
    let control = try keepInTheDark(Self.unwatched)
    #expect(!control.members[1].told.contains { if case .logMismatch = $0 { true } else { false } })
  }

  @Test func `a join that is invented from an older bundle is seen, falls silent and opens nothing`() throws {
    let adversary = try Adversary(seed: 344)
    let call = adversary.call
    let members = try adversary.join(2)
    // Authentic: a member of an earlier call in this room made it. Its keys were wiped when that call ended.
    let old = try adversary.makeKeys()
    let device = old.bundle
    let invented = try call.join(old, bundle: device)
    invented.answers = false
    old.close()
    try call.run(for: .seconds(3))
    let heard = try adversary.eavesdrop(invented, for: .seconds(1))
    #expect(heard.of > 50)
    #expect(heard.opened == 0)
    #expect(members.allSatisfy { $0.told(.memberAdmitted(invented.id)) && $0.isHolding.contains(invented.id) })
    try call.run(for: .seconds(18))
    #expect(members.allSatisfy { $0.told(.memberSilent(invented.id)) && !$0.isHolding.contains(invented.id) })
    // With the keys that belong to it, the bundle is worth a place in the call; then the member is there to be seen.
    let alive = try adversary.plant(try adversary.makeKeys(seed: 10))
    try call.run(for: .seconds(3))
    let leaked = try adversary.eavesdrop(alive, for: .seconds(1))
    #expect(leaked.opened == leaked.of)
    #expect(members.allSatisfy { $0.isHolding.contains(alive.id) })
  }

  @Test func `a join that is invented for a member of its own making is refused by name`() throws {
    let adversary = try Adversary(seed: 345)
    let members = try adversary.join(2)
    var random = SeededRandom(seed: 3)
    let bundle = Blob(random.bytes(7_000))
    for member in members {
      guard let message = adversary.views[member.id]?.invent(joinOf: bundle) else { continue }
      adversary.call.tell(member.id, message)
    }
    try adversary.call.run(for: .seconds(6))
    let invented = MemberID(bundleHash: sha3(bundle.bytes))
    #expect(members.allSatisfy { $0.told(.memberRejected(invented, .malformed)) })
    #expect(members.allSatisfy { $0.isHolding == Set(members.map(\.id)) })
    #expect(!members.contains { $0.told.contains { if case .logMismatch = $0 { true } else { false } } })
  }

  @Test func `a leave and a second join that are invented do not make a channel start over`() throws {
    let adversary = try Adversary(seed: 346)
    let call = adversary.call
    let members = try adversary.join(2)
    let (alice, bob) = (members[0], members[1])
    let bundle = try #require(adversary.bundles[bob.id])
    try call.run(for: .seconds(6))
    for invent in [{ $0.invent(leaveOf: bob.id) }, { $0.invent(joinOf: bundle) }] as [(inout RoomView) -> RelayMessage?]
    {
      guard var view = adversary.views[alice.id], let message = invent(&view) else { continue }
      adversary.views[alice.id] = view
      call.tell(alice.id, message)
      try call.run(for: .milliseconds(100))
    }
    try call.run(for: .seconds(12))
    #expect(alice.told(.memberLeft(bob.id)))
    // Two texts under one nonce would give away both, and the key of the channel's tags with them.
    let bodies = Set(adversary.sealed.filter { $0.from == alice.id && $0.to == bob.id }.map(\.body.bytes))
    let nonces = Set(bodies.map { Array($0.prefix(9)) })
    #expect(bodies.count >= 2)
    #expect(nonces.count == bodies.count)
    #expect(alice.told(.relayInconsistent(.brokenChain)))
  }

  @Test func `a forged roster hash is refused, and the change waits for the truth or the clients`() throws {
    let adversary = try Adversary(seed: 347)
    let call = adversary.call
    let members = try adversary.join(3)
    try call.run(for: .seconds(1))
    let epoch = try #require(members[0].participant.sendingEpoch)
    var isForging = true
    adversary.toMember = { _, message in
      guard isForging, case .rekey(var rekey) = message else { return [(message, .zero)] }
      rekey.rosterHash = Blob(sha3([1]))
      return [(.rekey(rekey), .zero)]
    }
    let joiner = try adversary.addMember()
    try call.connect(joiner)
    try call.run(for: .seconds(4))
    for member in members {
      #expect(member.told(.relayInconsistent(.rosterMismatch)))
      #expect(member.participant.sendingEpoch == epoch, "the joiner is not let in on a lie")
    }
    let heard = try adversary.eavesdrop(for: .seconds(1)) { joiner.participant.canOpen($0, at: call.now) }
    #expect(heard.of > 100)
    #expect(heard.opened == 0)
    // A leave does not wait for the relay.
    let leaver = members[2]
    try call.leave(leaver)
    try call.run(for: .seconds(3))
    let after = try adversary.eavesdrop(for: .seconds(1)) { leaver.participant.canOpen($0, at: call.now) }
    #expect(after.of > 50)
    #expect(after.opened == 0)
    // The truth lets people in: one who comes later brings the epoch for both.
    isForging = false
    let last = try adversary.join(1)[0]
    try call.run(for: .seconds(3))
    #expect(last.isHolding == Set([members[0], members[1], joiner, last].map(\.id)))
  }

  @Test func `keys for a room of the past are not made`() throws {
    let adversary = try Adversary(seed: 348)
    let call = adversary.call
    let members = try adversary.join(2)
    let ghost = try adversary.plant(try adversary.makeKeys())
    try call.run(for: .seconds(1))
    // How the room looked with the ghost in it.
    let past = try #require(adversary.views[members[0].id])
    try call.submit(.leave, on: ghost.connection)
    adversary.redirect(to: ghost)
    try call.run(for: .seconds(8))
    let epoch = try #require(members[0].participant.sendingEpoch)
    for (step, cause) in [(1 as UInt32, RekeyCause.join), (2, .periodic)] {
      for id in members.map(\.id) + [ghost.id] {
        call.tell(id, past.advice(.prepare, epoch: epoch + step, cause: cause))
      }
      try call.run(for: .seconds(4))
    }
    #expect(members.allSatisfy { $0.participant.sendingEpoch == epoch })
    let before = members.map { $0.heardCount(of: members[1 - $0.number]) }
    let heard = try adversary.eavesdrop(ghost, for: .seconds(2))
    #expect(heard.of > 150)
    #expect(heard.opened == 0)
    #expect(members.allSatisfy { !$0.isHolding.contains(ghost.id) })
    for member in members {
      #expect(member.heardCount(of: members[1 - member.number]) > before[member.number] + 80, "they still talk")
    }
  }
}
