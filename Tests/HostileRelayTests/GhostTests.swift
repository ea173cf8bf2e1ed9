import CallKit
import ClientEngine
import Crypto
@testable import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

/// Listeners that the operator adds, and members that it puts in the place of others.
@Suite struct GhostTests {
  /// A bundle for this call's room by somebody who does not know its invite.
  private func forgedBundle(_ keys: CallKeys, for room: RoomID) -> Blob {
    var bytes = keys.bundle.bytes
    bytes.replaceSubrange(1..<(1 + RoomID.byteCount), with: room.bytes)
    return Blob(bytes)
  }

  @Test func `a ghost without the invite is refused by name and opens nothing`() throws {
    let adversary = try Adversary(seed: 300)
    let call = adversary.call
    let members = try adversary.join(2)
    let stranger = try adversary.makeKeys(InviteSecret(random: SeededRandom(seed: 7).source))
    let bundle = forgedBundle(stranger, for: call.invite.room)
    let shown = MemberID(bundleHash: sha3(bundle.bytes))
    let epoch = try #require(members[0].participant.sendingEpoch)
    let ghost = try call.join(stranger, bundle: bundle)
    // Nobody answers for the ghost, so the relay executes at its deadline.
    try call.run(for: .seconds(3))
    let heard = try adversary.eavesdrop(ghost, for: .seconds(1))
    #expect(heard.of > 50)
    #expect(heard.opened == 0)
    #expect(!adversary.sealed.contains { $0.to == shown })
    for member in members {
      #expect(member.told(.memberRejected(shown, .badMAC)))
      #expect(member.isHolding == Set(members.map(\.id)))
      #expect(try #require(member.participant.sendingEpoch) > epoch)
    }
    // What the invite is worth: with it the same listener opens everything, and everybody is told that it is there.
    let insider = try adversary.plant(try adversary.makeKeys(seed: 8))
    try call.run(for: .seconds(3))
    let leaked = try adversary.eavesdrop(insider, for: .seconds(1))
    #expect(leaked.opened == leaked.of)
    for member in members {
      #expect(member.told(.memberAdmitted(insider.id)))
      #expect(member.isHolding.contains(insider.id))
    }
  }

  /// The operator stands between two members: to each it shows a bundle of its own in place of the other's.
  private func standBetween(withInvite: Bool) throws -> (
    adversary: Adversary, alice: VirtualMember, mallory: Puppet, bob: VirtualMember
  ) {
    let adversary = try Adversary(seed: 310)
    let call = adversary.call
    let alice = try adversary.addMember()
    let bob = try adversary.addMember()
    let invite = withInvite ? call.invite : InviteSecret(random: SeededRandom(seed: 7).source)
    let keys = try adversary.makeKeys(invite)
    let bundle = withInvite ? keys.bundle : forgedBundle(keys, for: call.invite.room)
    adversary.show([alice.id, keys.member]) { $0.hidden = [bob.id] }
    adversary.show([bob.id]) { $0.hidden = [alice.id, MemberID(bundleHash: sha3(bundle.bytes))] }
    try call.connect(alice)
    try call.run(for: .milliseconds(100))
    let mallory = try call.join(keys, bundle: bundle)
    try call.run(for: .milliseconds(100))
    try call.connect(bob)
    try call.run(for: .seconds(3))
    call.startMedia([alice, bob])
    return (adversary, alice, mallory, bob)
  }

  @Test func `a bundle that is swapped is refused by name, and the victim talks to nobody`() throws {
    let scene = try standBetween(withInvite: false)
    let shown = MemberID(
      bundleHash: sha3(forgedBundle(scene.mallory.keys, for: scene.adversary.call.invite.room).bytes))
    let heard = try scene.adversary.eavesdrop(scene.mallory, for: .seconds(1))
    #expect(heard.of > 50)
    #expect(heard.opened == 0)
    #expect(scene.alice.told(.memberRejected(shown, .badMAC)))
    #expect(scene.alice.isHolding == [scene.alice.id])
    #expect(scene.bob.isHolding == [scene.bob.id])
    // With the invite the operator is a member like any other; that it is not the one it stands for is what safety
    // numbers are for.
    let control = try standBetween(withInvite: true)
    let leaked = try control.adversary.eavesdrop(for: .seconds(1)) { bytes in
      control.mallory.opens(bytes, at: control.adversary.call.now)
    }
    #expect(leaked.opened > 40)
    #expect(control.alice.told(.memberAdmitted(control.mallory.id)))
    #expect(!control.alice.isHolding.contains(control.bob.id))
  }

  @Test func `safety numbers and pins name the member that stands in for another`() throws {
    let bobsIdentity = try MemberIdentity()
    var pins = IdentityPins()
    pins.trust(contact: "Bob", identity: bobsIdentity.publicKey)
    func meet(_ identity: MemberIdentity, seed: UInt64) throws -> (alice: VirtualMember, other: Puppet, number: String)
    {
      let adversary = try Adversary(seed: seed)
      let call = adversary.call
      let alice = try adversary.addMember { $0.pins = pins }
      try call.connect(alice)
      try call.run(for: .seconds(1))
      let keys = try CallKeys(
        invite: call.invite, identity: identity, policy: KeyPolicy(), displayName: "Bob",
        random: SeededRandom(seed: 5).source, at: call.now)
      let other = try adversary.plant(keys)
      try call.run(for: .seconds(1))
      return (alice, other, try #require(alice.participant.safetyNumber(with: other.id)))
    }
    let genuine = try meet(bobsIdentity, seed: 320)
    #expect(genuine.alice.told(.identityConfirmed(genuine.other.id, contact: "Bob")))
    #expect(genuine.number == genuine.other.keys.safetyNumber(with: genuine.alice.id))
    // In the same room, by somebody else who holds the invite and goes by the same name.
    let mallory = try meet(try MemberIdentity(), seed: 320)
    #expect(
      mallory.alice.told(
        .identityChanged(mallory.other.id, contact: "Bob", previous: sha3(bobsIdentity.publicKey))))
    #expect(mallory.number != genuine.number)
  }

  /// `bundle` with nothing but the weakest of its suites on offer.
  private func stripped(_ bundle: Blob, key: SymmetricKey?) -> Blob {
    var bytes = bundle.bytes
    let list = 1 + RoomID.byteCount + KeyBundle.nonceLength
    let count = Int(bytes[list])
    bytes.replaceSubrange(list...(list + count), with: [1, bytes[list + count]])
    guard let key else { return Blob(bytes) }
    bytes.removeLast(32)
    return Blob(bytes + HMAC<SHA256>.authenticationCode(for: bytes, using: key))
  }

  @Test func `suites stripped from an offer cost the member its place, not its strength`() throws {
    let wide = KeyPolicy(offered: KeyAgreementSuite.allCases, minimumSuite: .mlkem768)
    // Without the invite the MAC fails; with it the identity's signature.
    for (seed, rejection) in [(330 as UInt64, MemberRejection.badMAC), (331, .badSignature)] {
      let adversary = try Adversary(seed: seed)
      let call = adversary.call
      let alice = try adversary.join(1, policy: wide)[0]
      let bob = try adversary.addMember(policy: wide)
      let key = rejection == .badMAC ? nil : call.invite.admissionKey
      var shown: MemberID?
      adversary.toRelay = { member, message in
        if member == bob.id, case .join(let join) = message {
          adversary.views[alice.id]?.substitutes[bob.id] = self.stripped(join.bundle, key: key)
          shown = adversary.views[alice.id]?.shown(bob.id)
        }
        return [(message, .zero)]
      }
      try call.connect(bob)
      try call.run(for: .seconds(4))
      let heard = try adversary.eavesdrop(for: .seconds(1)) { bob.participant.canOpen($0, at: call.now) }
      #expect(heard.of > 40)
      #expect(heard.opened == 0)
      #expect(alice.told(.memberRejected(try #require(shown), rejection)))
      #expect(alice.isHolding == [alice.id])
      #expect(!alice.keyEvents.contains { if case .fallback = $0 { true } else { false } })
    }
    // What the operator was after: a call that comes down to 768, as it does when a member has nothing better. Then it
    // is said.
    let adversary = try Adversary(seed: 332)
    let alice = try adversary.join(1, policy: wide)[0]
    let bob = try adversary.join(1, policy: KeyPolicy(offered: [.mlkem768], minimumSuite: .mlkem768))[0]
    try adversary.call.run(for: .seconds(1))
    #expect(alice.told(.suiteChosen(bob.id, .mlkem768)))
    #expect(alice.told(.fallback(epoch: try #require(alice.participant.sendingEpoch), suite: .mlkem768)))
  }
}
