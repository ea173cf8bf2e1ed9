import Crypto
@testable import E2EKeys
import TestKit
import Testing
import WireBytes

/// What happens when somebody has nothing better than ML-KEM-768.
@Suite struct FallbackTests {
  private let lenient = KeyPolicy(minimumSuite: .mlkem768)
  private let only768 = KeyPolicy(offered: [.x25519MLKEM768], minimumSuite: .x25519MLKEM768)

  @Test func `by default a member without ML-KEM-1024 is refused and both offers are named`() throws {
    let call = Call(seed: 600)
    let strict = try call.join()
    let weak = try call.join(policy: only768)
    call.run(for: .milliseconds(2_300))
    let offers = SuiteOffers(own: [.x25519MLKEM1024, .mlkem1024], theirs: [3])
    #expect(strict.events.contains(.memberRejected(weak.member, .noCommonSuite(offers))))
    #expect(
      offers.description == "this side offers x25519-mlkem1024, mlkem1024; the other offers x25519-mlkem768")
    #expect(
      weak.events.contains { if case .memberRejected(strict.member, .noCommonSuite) = $0 { true } else { false } })
    #expect(!strict.keys.keyHolders.contains(weak.member))
    let said = try strict.keys.seal([1], stream: .microphone)
    #expect(!weak.opens(said, at: call.now))
  }

  @Test func `an allowed fallback is told to everybody, for as long as it lasts`() throws {
    let call = Call(seed: 601)
    let first = try call.join(policy: lenient)
    try call.join(policy: lenient)
    call.run(for: .milliseconds(300))
    func fallbacks(_ client: Client) -> [KeyEvent] {
      client.events.filter { if case .fallback = $0 { true } else { false } }
    }
    #expect(call.clients.allSatisfy { fallbacks($0).isEmpty })
    #expect(first.keys.weakestSuite == .x25519MLKEM1024)
    let weak = try call.join(policy: only768)
    call.run(for: .milliseconds(300))
    expectAllHearEachOther(call.clients, call)
    let expected = KeyEvent.fallback(epoch: 2, suite: .x25519MLKEM768)
    #expect(call.clients.allSatisfy { $0.events.contains(expected) })
    #expect(first.keys.metrics.fallbacks == 1)
    // A key that is ratcheted from a weak one is no stronger, whoever it is wrapped for.
    let fourth = try call.join(policy: lenient)
    call.run(for: .milliseconds(300))
    #expect(call.clients.allSatisfy { $0.keys.weakestSuite == .x25519MLKEM768 })
    #expect(fourth.events.contains(.fallback(epoch: 3, suite: .x25519MLKEM768)))
    // A fresh one after the member left is.
    call.leave(weak)
    call.run(for: .milliseconds(300))
    let rest = call.clients.filter { $0 !== weak }
    expectAllHearEachOther(rest, call)
    #expect(rest.allSatisfy { $0.keys.weakestSuite == .x25519MLKEM1024 })
    #expect(first.keys.metrics.fallbacks == 2)
  }

  @Test func `a strict member takes no key that went to somebody by 768`() throws {
    let call = Call(seed: 602)
    let first = try call.join(policy: lenient)
    let strict = try call.join()
    call.run(for: .milliseconds(300))
    let weak = try call.join(policy: only768)
    call.run(for: .milliseconds(2_300))
    #expect(strict.events.contains(.rekeyFailed(epoch: 2, .weakSuite)))
    #expect(!strict.keys.keyHolders.contains(weak.member))
    let said = try strict.keys.seal([1], stream: .microphone)
    #expect(!weak.opens(said, at: call.now))
    #expect(first.opens(said, at: call.now))
  }

  @Test func `after its date a policy offers no 768 suite`() throws {
    let call = Call(seed: 603)
    let expired = KeyPolicy(minimumSuite: .mlkem768, refuse768After: call.now)
    let client = try call.makeClient(policy: expired)
    #expect(client.keys.offered == [.x25519MLKEM1024, .mlkem1024])
    #expect(throws: E2EError.noSuite) {
      try call.makeClient(policy: KeyPolicy(offered: [.mlkem768], minimumSuite: .mlkem768, refuse768After: call.now))
    }
    #expect(throws: E2EError.noSuite) {
      try call.makeClient(policy: KeyPolicy(offered: [.mlkem768], minimumSuite: .mlkem1024))
    }
  }

  @Test func `when the date passes in the middle of a call the weak member loses the keys`() throws {
    let call = Call(seed: 604)
    let limited = KeyPolicy(minimumSuite: .mlkem768, refuse768After: call.now + .seconds(30))
    try call.join(policy: limited)
    try call.join(policy: limited)
    let weak = try call.join(policy: only768)
    call.run(for: .seconds(29))
    expectAllHearEachOther(call.clients, call)
    call.run(for: .seconds(4))
    let rest = Array(call.clients[..<2])
    expectAllHearEachOther(rest, call)
    for client in rest {
      #expect(client.keys.weakestSuite == .x25519MLKEM1024)
      #expect(!client.keys.keyHolders.contains(weak.member))
      #expect(
        client.events.contains { if case .memberRejected(weak.member, .noCommonSuite) = $0 { true } else { false } })
      let said = try client.keys.seal([1], stream: .microphone)
      #expect(!weak.opens(said, at: call.now))
    }
    // And no later one gets in.
    let late = try call.join(policy: only768)
    call.run(for: .milliseconds(2_500))
    #expect(!rest[0].keys.keyHolders.contains(late.member))
  }

  @Test func `alone against a lenient committer a member stops at its date`() throws {
    let call = Call(seed: 605)
    try call.join(policy: lenient)
    let limited = try call.join(
      policy: KeyPolicy(minimumSuite: .mlkem768, refuse768After: call.now + .seconds(10)))
    try call.join(policy: only768)
    call.run(for: .seconds(9))
    #expect(limited.keys.sendingEpoch != nil)
    call.run(for: .seconds(4))
    #expect(throws: E2EError.rekeyOverdue) { try limited.keys.seal([1], stream: .microphone) }
    #expect(limited.events.contains(.sendingBlocked))
  }

  @Test(arguments: [KeyAgreementSuite.x25519MLKEM768, .xWing, .mlkem768])
  func `a committer cannot call a weak key a strong one`(suite: KeyAgreementSuite) throws {
    let call = Call(seed: 606)
    for _ in 0..<2 { try call.join(policy: KeyPolicy(offered: [suite], minimumSuite: suite)) }
    call.run(for: .milliseconds(300))
    let (insider, victim) = (call.clients[0], call.clients[1])
    var header = try #require(insider.keys.sending?.header)
    #expect(header.weakest == suite)
    header.weakest = .x25519MLKEM1024
    header.epoch += 1
    let signature = try insider.keys.identity.signature(of: header.bytes, context: Commit.signatureContext)
    insider.keys.sendToAll(announcement: Commit.bytes(signedHeader: header.bytes, signature: signature))
    call.drain(insider)
    call.run(for: .milliseconds(50))
    // Every announcement that names this member waits for its key; the claim is judged before the key is touched.
    let member = try #require(insider.keys.log?.member(victim.member))
    let wrapped = try #require(header.entries.first { $0.joinIndex == victim.keys.ownJoinIndex })
    let keys = try #require(victim.keys.agreement?.publicKeys)
    let other = try WrappedKey(
      .init(size: .bits256), suite: wrapped.suite, to: keys,
      offers: (sender: insider.keys.offeredBytes, recipient: victim.keys.offeredBytes),
      binding: insider.keys.binding(header, sender: insider.keys.bundleHash, recipient: victim.keys.bundleHash))
    insider.keys.send(
      .wrappedKey(WrappedKeyDelivery(commitHash: sha3(header.bytes), wrapped: other.bytes)), to: member)
    call.drain(insider)
    call.run(for: .milliseconds(50))
    #expect(victim.events.contains(.rekeyFailed(epoch: header.epoch, .weakSuite)))
  }
}
