import CallKit
import ClientEngine
@testable import E2EKeys
import SFrame
import Signaling
import TestKit
import Testing
import WireBytes

/// A former member gives its keys to the operator.
@Suite struct CollusionTests {
  private struct Departed {
    let adversary: Adversary
    let members: [VirtualMember]
    let ghost: Puppet
    let epoch: UInt32
  }

  private func depart(seed: UInt64, isHidden: Bool = false, policy: KeyPolicy = KeyPolicy()) throws -> Departed {
    let adversary = try Adversary(seed: seed)
    let members = try adversary.join(2, policy: policy)
    let ghost = try adversary.plant(try adversary.makeKeys(policy: policy))
    try adversary.call.run(for: .seconds(2))
    if isHidden { adversary.show(members.map(\.id)) { $0.immortal = [ghost.id] } }
    let epoch = try #require(ghost.keys.sendingEpoch)
    adversary.redirect(to: ghost)
    try adversary.call.submit(.leave, on: ghost.connection)
    return Departed(adversary: adversary, members: members, ghost: ghost, epoch: epoch)
  }

  /// Plays frames of the former member in the first member's place; what became of them.
  private func inject(
    _ scene: Departed, for interval: TimeInterval, _ make: @escaping () -> [UInt8]?
  ) throws -> (injected: Int, heard: Int) {
    let (alice, victim) = (scene.members[0], scene.members[1])
    var injected = 0
    scene.adversary.replace = { frame in
      guard frame.member == victim.number, frame.joinIndex == 1, frame.stream == .microphone, let made = make() else {
        return nil
      }
      injected += 1
      return made
    }
    let before = victim.strangeFrames.count
    try scene.adversary.call.run(for: interval)
    scene.adversary.replace = nil
    withExtendedLifetime(alice) {}
    return (injected, victim.strangeFrames.count - before)
  }

  @Test func `a former member opens nothing that is sealed after the switch`() throws {
    let scene = try depart(seed: 420)
    let call = scene.adversary.call
    try call.run(for: .seconds(2))
    let heard = try scene.adversary.eavesdrop(scene.ghost, for: .seconds(10))
    #expect(heard.of > 900)
    #expect(heard.opened == 0)
    // Nor what comes later: keys of new members do not follow from any that it had.
    _ = try scene.adversary.join(1)
    let later = try scene.adversary.eavesdrop(scene.ghost, for: .seconds(3))
    #expect(later.opened == 0)
    #expect(scene.members.allSatisfy { $0.told(.memberLeft(scene.ghost.id)) })
    // Had it not left, it would have gone on hearing all.
    let control = try depart(seed: 420, isHidden: true)
    try control.adversary.call.run(for: .seconds(2))
    let leaked = try control.adversary.eavesdrop(control.ghost, for: .seconds(3))
    #expect(leaked.opened == leaked.of)
    #expect(control.members.allSatisfy { $0.isHolding.contains(control.ghost.id) })
  }

  @Test func `a former member's frames are refused from the moment its leave is known`() throws {
    let scene = try depart(seed: 421)
    let call = scene.adversary.call
    let victim = scene.members[1]
    try call.run(for: .milliseconds(50))
    // While the old epoch's key is still held: refused because of who it is.
    #expect(scene.ghost.keys.sendingEpoch == scene.epoch)
    let early = try inject(scene, for: .seconds(1)) { try? scene.ghost.keys.seal([6, 6, 6], stream: .microphone) }
    #expect(early.injected > 40)
    #expect(early.heard == 0)
    let departed = victim.participant.keyMetrics.openFailures.filter { $0.key.cause == .departedKey }
    #expect(departed.values.reduce(0, +) >= UInt64(early.injected - 2))
    // When the old key is erased: refused because there is none.
    try call.run(for: .seconds(7))
    let frame = try #require(scene.adversary.frames.first { $0.epoch == scene.epoch })
    #expect(!victim.participant.canOpen(frame.bytes, at: call.now))
    // While its leave is hidden its frames are heard, as those of the member that everybody sees it to be.
    let control = try depart(seed: 421, isHidden: true)
    try control.adversary.call.run(for: .milliseconds(50))
    let heard = try inject(control, for: .seconds(1)) { try? control.ghost.keys.seal([6, 6, 6], stream: .microphone) }
    #expect(heard.heard >= heard.injected - 1)
    #expect(control.members[1].strangeFrames.allSatisfy { $0.member == control.ghost.id })
  }

  @Test func `a former member cannot speak under a new epoch`() throws {
    let scene = try depart(seed: 422)
    let call = scene.adversary.call
    try call.run(for: .seconds(3))
    let victim = scene.members[1]
    let epoch = try #require(victim.participant.sendingEpoch)
    #expect(epoch > scene.epoch)
    // All that it has: the last epoch's key, under the new epoch's number, in its own name and in another's.
    let old = try #require(scene.ghost.keys.epochs.first { $0.epoch == scene.epoch })
    for (joinIndex, cause) in [(3 as UInt32, E2EError.unknownKey), (1, .authenticationFailed)] {
      let sender = try #require(old.senders[joinIndex])
      var context = sender.id.bytes
      context.append(u32: epoch)
      let kid = KeyIdentifier(epoch: epoch, joinIndex: joinIndex, stream: MediaStream.microphone.rawValue).kid
      let key = SFrameKey(suite: sender.suite, kid: kid, baseKey: old.key.derived("sframe", context))
      var counter: UInt64 = 500_000
      let failed = victim.participant.statistics.decryptFailuresByCause[cause, default: 0]
      let result = try inject(scene, for: .seconds(1)) {
        counter += 1
        return try? key.seal(plaintext: [6, 6, 6], ctr: counter)
      }
      #expect(result.injected > 40)
      #expect(result.heard == 0)
      #expect(
        victim.participant.statistics.decryptFailuresByCause[cause, default: 0] >= failed + UInt64(result.injected - 2))
    }
  }

  @Test func `a former member is not let in again under its old bundle`() throws {
    let scene = try depart(seed: 423)
    let call = scene.adversary.call
    try call.run(for: .seconds(3))
    for member in scene.members {
      guard let message = scene.adversary.views[member.id]?.invent(joinOf: scene.ghost.keys.bundle) else { continue }
      call.tell(member.id, message)
      guard let advice = scene.adversary.views[member.id]?.advice(.prepare, epoch: 50, cause: .join) else { continue }
      call.tell(member.id, advice)
    }
    try call.run(for: .seconds(4))
    let heard = try scene.adversary.eavesdrop(scene.ghost, for: .seconds(1))
    #expect(heard.of > 50)
    #expect(heard.opened == 0)
    #expect(scene.members.allSatisfy { !$0.isHolding.contains(scene.ghost.id) })
    #expect(scene.members.allSatisfy { $0.told(.relayInconsistent(.brokenChain)) })
    // Under a fresh one whoever holds the invite comes back, hears everything, and everybody sees it.
    let control = try depart(seed: 424)
    let back = try control.adversary.plant(try control.adversary.makeKeys(seed: 13))
    try control.adversary.call.run(for: .seconds(3))
    let leaked = try control.adversary.eavesdrop(back, for: .seconds(1))
    #expect(leaked.opened == leaked.of)
    #expect(control.members.allSatisfy { $0.told(.memberAdmitted(back.id)) && $0.isHolding.contains(back.id) })
  }
}
