@testable import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

/// What goes wrong for a while and must not stay wrong. Two of these courses of events were found by the model of
/// `Tests/Model`.
@Suite struct RecoveryTests {
  private func callOf(_ count: Int, seed: UInt64) throws -> Call {
    let call = Call(seed: seed)
    for _ in 0..<count { try call.join() }
    call.run(for: .seconds(2))
    return call
  }

  @Test func `a key that arrives after the leave of one who holds it is not used beyond the deadline`() throws {
    let call = try callOf(2, seed: 950)
    let (a, b) = (call.clients[0], call.clients[1])
    // The relay keeps from A the commit that lets C in: it is made by B, since A's own is held back too.
    var held: [(Client, Blob)] = []
    call.onSealed = { from, to, body in
      guard body.bytes.count > 1_000, to === a || from === a else { return [(body, .zero)] }
      if to === a { held.append((from, body)) }
      return []
    }
    a.isFrozen = true
    let c = try call.join()
    call.run(for: .milliseconds(1_200))
    a.isFrozen = false
    #expect(b.keys.epochs.contains { $0.senders.values.contains { $0.id == c.member } })
    #expect(!held.isEmpty)
    // C leaves. Of it the relay tells A only, and then lets the commit through.
    call.relayPrepares = false
    call.keptInTheDark = [b.member]
    let joinEntries = call.joined(for: a, resumed: true)
    a.keys.joined(joinEntries, at: call.now)
    call.drain(a)
    #expect(!a.keys.epochs.contains { $0.senders.values.contains { $0.id == c.member } })
    call.leave(c)
    call.run(for: .milliseconds(50))
    let learned = call.now
    for (from, body) in held {
      a.keys.receive(SealedFromMember(from: from.member, body: body), at: call.now)
      call.drain(a)
    }
    // Nothing that A does about it gets out.
    call.onSealed = { from, _, body in from === a && body.bytes.count > 1_000 ? [] : [(body, .zero)] }
    var overheard = 0
    while call.now < learned + .seconds(20) {
      call.run(for: .milliseconds(100))
      guard let frame = try? a.keys.seal([1], stream: .microphone), c.opens(frame, at: call.now) else { continue }
      overheard += 1
      #expect(call.now <= learned + .milliseconds(2_100), "C listens on")
    }
    #expect(overheard > 0, "until the deadline it does: else this shows nothing")
  }

  @Test(arguments: [0, 1, 2])
  func `after an outage of any length all are on one key again`(cutOff: Int) throws {
    for milliseconds in stride(from: 9_000, through: 22_000, by: 500) as StrideThrough<UInt64> {
      let call = try callOf(3, seed: 951 &+ milliseconds)
      let victim = call.clients[cutOff]
      // Nothing sealed gets through in either direction; the relay's own messages do.
      call.onSealed = { from, to, body in from === victim || to === victim ? [] : [(body, .zero)] }
      call.run(for: .milliseconds(milliseconds))
      call.onSealed = nil
      call.run(for: .seconds(16))
      expectAllHearEachOther(call.clients, call)
    }
  }

  @Test func `a joiner for whom the relay prepares nothing is let in by the members`() throws {
    let call = try callOf(3, seed: 952)
    call.relayPrepares = false
    let joiner = try call.join()
    call.run(for: .seconds(9))
    expectAllHearEachOther(call.clients, call)
    #expect(joiner.keys.keyHolders.count == 4)
  }

  @Test func `members for whom the relay never prepares anything agree by themselves`() throws {
    let call = Call(seed: 953)
    call.relayPrepares = false
    for _ in 0..<3 { try call.join() }
    call.run(for: .seconds(25))
    expectAllHearEachOther(call.clients, call)
  }

  @Test func `an epoch of an earlier position with a higher number does not part the members`() throws {
    let call = try callOf(3, seed: 954)
    let (a, c) = (call.clients[0], call.clients[2])
    // C makes an epoch far above for the present position, which reaches nobody; then the others go on without it.
    call.onSealed = { from, _, body in from === c && body.bytes.count > 1_000 ? [] : [(body, .zero)] }
    c.keys.commit(cause: .periodic, advised: 7, headN: call.n, at: call.now)
    call.drain(c)
    c.keys.rekey(call.advice(epoch: 7, phase: .execute, cause: .periodic), at: call.now)
    call.drain(c)
    call.run(for: .seconds(3))
    #expect(c.keys.sendingEpoch == 7)
    let fourth = try call.join()
    call.run(for: .seconds(2))
    call.onSealed = nil
    #expect(a.keys.sendingEpoch != 7)
    call.run(for: .seconds(20))
    expectAllHearEachOther(call.clients, call)
    #expect(fourth.keys.keyHolders.count == 4)
  }

  @Test func `a key that was erased does not come back with its frames`() throws {
    let call = try callOf(2, seed: 955)
    let (a, b) = (call.clients[0], call.clients[1])
    let old = try #require(b.keys.sending)
    let said = try a.keys.seal([1, 2, 3], stream: .microphone)
    #expect(b.opens(said, at: call.now))
    call.prepare(.periodic)
    call.run(for: .seconds(8))
    #expect(!b.keys.epochs.contains { $0.id == old.id })
    b.keys.install(
      EpochKeys(
        header: old.header, key: old.key, senders: old.senders, isOwn: false, begunAt: call.now, at: call.now,
        activateBy: call.now), at: call.now)
    #expect(!b.keys.epochs.contains { $0.id == old.id })
    #expect(throws: E2EError.unknownKey) { try b.keys.open(said, at: call.now) }
  }

  @Test func `a later epoch of an earlier position is not used for one who has left since`() throws {
    let call = try callOf(2, seed: 956)
    let (a, b) = (call.clients[0], call.clients[1])
    call.relayPrepares = false
    let c = try call.join()
    call.run(for: .milliseconds(50))
    let position = call.n
    // Nothing sealed is delivered by itself from here on; the test carries what it wants.
    var sent: [(to: Client, body: Blob)] = []
    call.onSealed = { from, to, body in
      if from === a, to === b { sent.append((to, body)) }
      return to === c ? [(body, .zero)] : []
    }
    // B makes an epoch for the position at which C is in, far above, and waits to switch.
    b.keys.commit(cause: .join, advised: 9, headN: position, at: call.now)
    call.drain(b)
    call.run(for: .milliseconds(50))
    #expect(b.keys.epochs.contains { $0.epoch == 9 && $0.senders.count == 3 })
    // C leaves, and A makes an epoch without it that B takes and switches to first.
    call.leave(c)
    call.run(for: .milliseconds(50))
    let learned = call.now
    a.keys.commit(cause: .leave, advised: 2, headN: call.n, at: call.now)
    call.drain(a)
    for (to, body) in sent { to.keys.receive(SealedFromMember(from: a.member, body: body), at: call.now) }
    b.keys.rekey(call.advice(epoch: 2, phase: .execute, cause: .leave), at: call.now)
    call.drain(b)
    var epochs: [UInt32] = []
    var overheard = 0
    while call.now < learned + .seconds(8) {
      call.run(for: .milliseconds(50))
      if let epoch = b.keys.sendingEpoch, epochs.last != epoch { epochs.append(epoch) }
      guard let frame = try? b.keys.seal([1], stream: .microphone), c.opens(frame, at: call.now) else { continue }
      overheard += 1
      #expect(call.now <= learned + .milliseconds(2_100), "C listens on")
    }
    #expect(epochs.contains(9), "the course of events is the one that is meant: \(epochs)")
    #expect(overheard > 0)
  }

  @Test func `many epochs at once leave no long debt`() {
    var budget = RekeyBudget()
    let now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    for _ in 0..<1_000 { budget.spend(for: .renewal, at: now) }
    #expect(budget.nextAt <= now + .seconds(1))
    #expect(budget.nextAt > now)
  }

  @Test func `resumptions do not keep a member alive that nobody hears`() throws {
    let call = try callOf(3, seed: 957)
    let (a, gone) = (call.clients[0], call.clients[2])
    call.leave(gone, hidden: true)
    for _ in 0..<6 {
      call.run(for: .seconds(10))
      a.isConnected = false
      call.run(for: .milliseconds(50))
      call.resume(a)
    }
    #expect(a.events.contains(.memberSilent(gone.member)))
    call.run(for: .seconds(1))
    let said = try a.keys.seal([1], stream: .microphone)
    #expect(!gone.opens(said, at: call.now))
  }

  @Test func `a roster of an earlier log position is refused on resumption`() throws {
    let call = try callOf(2, seed: 958)
    let a = call.clients[0]
    let old = call.joined(for: a, resumed: true)
    let third = try call.join()
    call.run(for: .seconds(1))
    a.keys.joined(old, at: call.now)
    call.drain(a)
    #expect(a.events.contains(.relayInconsistent(.badRoster)))
    #expect(a.keys.keyHolders.contains(third.member))
  }

  @Test func `joins alone do not keep a key from being renewed`() throws {
    let call = try callOf(2, seed: 959)
    for _ in 0..<8 {
      call.run(for: .seconds(100))
      try call.join()
    }
    call.run(for: .seconds(100))
    let renewed = call.clients[0].activations.filter { $0.cause == .periodic }
    #expect(!renewed.isEmpty)
    #expect(call.clients[0].keys.agreement?.publicKeys.generation ?? 0 > 0)
    expectAllHearEachOther(call.clients, call)
  }

  @Test func `a wild epoch in a heartbeat parts nobody`() throws {
    let call = try callOf(3, seed: 960)
    let insider = call.clients[2]
    let heartbeat = Heartbeat(
      headN: call.n, headHash: try #require(insider.keys.log?.headHash), epoch: 0xFFFF_0000,
      epochID: [UInt8](repeating: 7, count: EpochKeys.identifierLength), generation: 0)
    for _ in 0..<20 {
      for member in insider.keys.log?.members ?? [] where !member.isSelf {
        insider.keys.send(.heartbeat(heartbeat), to: member)
      }
      call.drain(insider)
      call.run(for: .seconds(1))
    }
    #expect(call.clients[0].keys.metrics.epochsActivated < 12, "and drives nobody to work without end")
    try call.join()
    call.run(for: .seconds(3))
    expectAllHearEachOther(call.clients, call)
    #expect(try #require(call.clients[0].keys.sendingEpoch) < 0x10_0000)
  }

  @Test func `a refused announcement costs no further signature check`() throws {
    let call = try callOf(3, seed: 961)
    let (insider, victim) = (call.clients[0], call.clients[1])
    var header = try #require(insider.keys.sending?.header)
    header.entries = []
    header.kind = .ratchet
    header.epoch += 1
    header.baseEpoch = 77
    let signature = try insider.keys.identity.signature(of: header.bytes, context: Commit.signatureContext)
    let before = victim.keys.metrics.durations[.verify]?.count ?? 0
    for _ in 0..<50 {
      insider.keys.sendToAll(announcement: Commit.bytes(signedHeader: header.bytes, signature: signature))
      call.drain(insider)
      call.run(for: .milliseconds(20))
    }
    // One more for the catch-up that it asked for.
    #expect((victim.keys.metrics.durations[.verify]?.count ?? 0) - before <= 2)
    #expect(victim.events.contains(.rekeyFailed(epoch: header.epoch, .badBase)))
  }

  @Test func `heartbeats that climb step by step use no numbers up`() throws {
    let call = try callOf(3, seed: 962)
    let insider = call.clients[2]
    let hash = try #require(insider.keys.log?.headHash)
    for step in 1...500 {
      let heartbeat = Heartbeat(
        headN: call.n, headHash: hash, epoch: UInt32(step) * CallKeys.epochWindow,
        epochID: [UInt8](repeating: 7, count: EpochKeys.identifierLength), generation: 0)
      for member in insider.keys.log?.members ?? [] where !member.isSelf {
        insider.keys.send(.heartbeat(heartbeat), to: member)
      }
      call.drain(insider)
      call.run(for: .milliseconds(2))
    }
    call.run(for: .milliseconds(100))
    #expect(call.clients[0].keys.highestHeard <= (call.clients[0].keys.newest?.epoch ?? 0) + CallKeys.epochWindow)
  }
}
