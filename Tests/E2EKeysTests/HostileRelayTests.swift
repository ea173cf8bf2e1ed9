import Crypto
import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

@Suite struct HostileRelayTests {
  private func callOf(_ count: Int, seed: UInt64 = 90) throws -> Call {
    let call = Call(seed: seed)
    for _ in 0..<count { try call.join() }
    call.run(for: .milliseconds(300))
    return call
  }

  @Test func `sealed messages twice and out of order change nothing`() throws {
    let call = Call(seed: 4)
    var random = SeededRandom(seed: 12)
    call.onSealed = { _, _, body in
      (0..<Int.random(in: 1...3, using: &random)).map { _ in
        (body, .milliseconds(UInt64.random(in: 0...40, using: &random)))
      }
    }
    for _ in 0..<6 {
      try call.join()
      call.run(for: .milliseconds(30))
    }
    call.run(for: .seconds(1))
    expectAllHearEachOther(call.clients, call)
    call.leave(call.clients[2])
    call.run(for: .seconds(1))
    expectAllHearEachOther(call.clients.filter { $0.name != 2 }, call)
    #expect(!call.clients.contains { $0.events.contains { if case .rekeyFailed = $0 { true } else { false } } })
  }

  @Test func `a commit that overtakes the log entry waits for it`() throws {
    let call = try callOf(3)
    let slow = call.clients[2]
    call.keptInTheDark = [slow.member]
    let joiner = try call.makeClient()
    let index = call.n + 1
    call.enter(joiner)
    call.run(for: .milliseconds(150))
    #expect(slow.keys.sendingEpoch == 1)
    // Only now does the relay show it the entry it has kept back; the commit was waiting.
    let roster = call.joined(for: joiner, resumed: false).roster
    let bundle = try #require(roster.last { $0.joinIndex == index }?.bundle)
    var previous = MembershipEntry.genesis
    var entry: MembershipEntry?
    for (n, item) in roster.enumerated() {
      let next = MembershipEntry(
        n: UInt32(n + 1), kind: .join, member: item.member, bundleHash: Blob(sha3(item.bundle.bytes)), cause: .joined,
        previous: previous)
      previous = Blob(sha3(next.hashedBytes(room: call.invite.room)))
      entry = next
    }
    let change = MembershipChange(entry: try #require(entry), bundle: bundle)
    call.deliver(to: slow) { $0.keys.membershipChanged(change, at: $1) }
    call.run(for: .seconds(3))
    expectAllHearEachOther(call.clients, call)
  }

  @Test func `every changed byte of a sealed commit is noticed`() throws {
    let call = try callOf(2)
    let target = call.clients[1]
    var captured: [Blob] = []
    call.onSealed = { _, to, body in
      if to === target, body.bytes.count > 1_000 { captured.append(body) }
      return []
    }
    call.prepare(.periodic)
    call.run(for: .milliseconds(100))
    #expect(captured.count == 2, "the part for all and the part for this member")
    let from = call.clients[0].member
    for body in captured.map(\.bytes) {
      for index in stride(from: 0, to: body.count, by: 97) {
        var changed = body
        changed[index] ^= 1
        target.keys.receive(SealedFromMember(from: from, body: Blob(changed)), at: call.now)
        call.drain(target)
        #expect(target.ready == [1], "byte \(index)")
      }
    }
    for body in captured { target.keys.receive(SealedFromMember(from: from, body: body), at: call.now) }
    call.drain(target)
    #expect(target.ready == [1, 2], "the untouched ones are taken")
  }

  @Test func `a bundle without the invite's MAC is refused and gets no key`() throws {
    let call = try callOf(2)
    let stranger = try call.makeClient(invite: InviteSecret(random: SeededRandom(seed: 999).source))
    call.enter(stranger)
    // The stranger never answers `ready`, so the relay executes at its deadline.
    call.run(for: .milliseconds(2_300))
    let rest = Array(call.clients[..<2])
    expectAllHearEachOther(rest, call)
    #expect(rest[0].keys.sendingEpoch == 2)
    #expect(rest.allSatisfy { $0.events.contains(.memberRejected(stranger.member, .badMAC)) })
    #expect(rest.allSatisfy { !$0.keys.keyHolders.contains(stranger.member) })
    let said = try rest[0].keys.seal([1], stream: .microphone)
    #expect(!stranger.opens(said, at: call.now))
  }

  @Test func `a bundle of another room is refused`() throws {
    let call = try callOf(1)
    let client = try call.makeClient()
    var bytes = client.keys.bundle.bytes
    bytes[5] ^= 1
    remac(&bytes, call.invite)
    #expect(throws: MemberRejection.wrongRoom) {
      try KeyBundle(verifying: bytes, room: call.invite.room, admissionKey: call.invite.admissionKey)
    }
  }

  @Test func `a bundle changed by someone with the invite fails its signature`() throws {
    let call = try callOf(1)
    let client = try call.makeClient()
    for index in stride(from: 20, to: client.keys.bundle.bytes.count - 40, by: 311) {
      var bytes = client.keys.bundle.bytes
      bytes[index] ^= 1
      remac(&bytes, call.invite)
      #expect(throws: MemberRejection.self, "byte \(index)") {
        try KeyBundle(verifying: bytes, room: call.invite.room, admissionKey: call.invite.admissionKey)
      }
    }
  }

  private func remac(_ bytes: inout [UInt8], _ invite: InviteSecret) {
    guard bytes.count >= 32 else { return }
    bytes.removeLast(32)
    bytes += HMAC<SHA256>.authenticationCode(for: bytes, using: invite.admissionKey)
  }

  @Test func `malformed bundles throw and never trap`() throws {
    let call = Call()
    let client = try call.makeClient()
    let bundle = client.keys.bundle.bytes
    var variants = stride(from: 0, to: bundle.count, by: 13).map { Array(bundle.prefix($0)) }
    variants += MalformedSweep.mutations(of: bundle, count: 200, seed: 5).filter { $0 != bundle }
    for var variant in variants {
      remac(&variant, call.invite)
      guard variant != bundle else { continue }
      #expect(throws: MemberRejection.self) {
        try KeyBundle(verifying: variant, room: call.invite.room, admissionKey: call.invite.admissionKey)
      }
    }
  }

  @Test func `a frame opens once`() throws {
    let call = try callOf(2)
    let sealed = try call.clients[0].keys.seal([1, 2, 3], stream: .microphone)
    #expect(call.clients[1].opens(sealed, at: call.now))
    #expect(throws: E2EError.replayed) { try call.clients[1].keys.open(sealed, at: call.now) }
  }

  @Test func `frames that are changed, reflected or senseless are refused`() throws {
    let call = try callOf(2)
    let sealed = try call.clients[0].keys.seal([1, 2, 3], stream: .microphone)
    #expect(throws: E2EError.unknownKey) { try call.clients[0].keys.open(sealed, at: call.now) }
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(throws: E2EError.self) { try call.clients[1].keys.open(changed, at: call.now) }
    }
    for variant in MalformedSweep.truncations(of: sealed) {
      #expect(throws: E2EError.self) { try call.clients[1].keys.open(variant, at: call.now) }
    }
    #expect(call.clients[1].opens(sealed, at: call.now), "forgeries used up no counter")
  }

  @Test func `the relay adds a member behind a broken chain`() throws {
    let call = try callOf(2)
    let client = try call.makeClient()
    let entry = MembershipEntry(
      n: 3, kind: .join, member: client.member, bundleHash: Blob(sha3(client.keys.bundle.bytes)), cause: .joined,
      previous: MembershipEntry.genesis)
    let victim = call.clients[0]
    victim.keys.membershipChanged(MembershipChange(entry: entry, bundle: client.keys.bundle), at: call.now)
    call.drain(victim)
    #expect(victim.events.contains(.relayInconsistent(.brokenChain)))
    #expect(!victim.events.contains(.memberAdmitted(client.member)))
  }

  @Test func `a rekey for a roster that the log does not give is refused`() throws {
    let call = try callOf(2)
    let victim = call.clients[0]
    var rekey = call.advice(epoch: 9, phase: .prepare, cause: .join)
    rekey.rosterHash = Blob([UInt8](repeating: 1, count: 32))
    victim.keys.rekey(rekey, at: call.now)
    call.drain(victim)
    #expect(victim.events.contains(.relayInconsistent(.rosterMismatch)))
    #expect(victim.ready == [1])
  }

  @Test func `two members who are shown different rooms notice by heartbeat`() throws {
    let call = try callOf(3)
    let (a, b) = (call.clients[0], call.clients[1])
    // To one of them only, the relay invents an entry; to the others it shows another one at the same place.
    let fake = try call.makeClient()
    let entry = MembershipEntry(
      n: 4, kind: .join, member: fake.member, bundleHash: Blob(sha3(fake.keys.bundle.bytes)), cause: .joined,
      previous: call.joined(for: a, resumed: false).head.hash)
    call.keptInTheDark = [a.member]
    call.relayPrepares = false
    a.keys.membershipChanged(MembershipChange(entry: entry, bundle: fake.keys.bundle), at: call.now)
    call.drain(a)
    try call.join()
    call.run(for: .seconds(6))
    #expect(a.events.contains(.logMismatch(b.member)))
    #expect(b.events.contains(.logMismatch(a.member)))
  }

  @Test func `sealed messages and commits of any shape are parsed or refused`() throws {
    let call = try callOf(2)
    var body: [UInt8] = [2]
    body += (0..<400).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for variant in MalformedSweep.mutations(of: body, count: 3_000, seed: 77) + MalformedSweep.truncations(of: body) {
      _ = SealedMessage(parsing: variant)
      #expect(throws: ByteError.self) { try Commit(parsing: variant) }
    }
    for variant in MalformedSweep.mutations(of: body, count: 200, seed: 78) {
      call.clients[0].keys.receive(
        SealedFromMember(from: call.clients[1].member, body: Blob(variant)), at: call.now)
    }
    call.drain(call.clients[0])
    expectAllHearEachOther(call.clients, call)
  }
}
