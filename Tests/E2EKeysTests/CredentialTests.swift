@testable import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

@Suite struct CredentialTests {
  private func callOf(_ count: Int, policy: KeyPolicy = KeyPolicy()) throws -> Call {
    let call = Call(seed: 640)
    for _ in 0..<count { try call.join(policy: policy) }
    call.run(for: .milliseconds(300))
    return call
  }

  @Test(arguments: [0, 1, 32, 1_000, 70_000])
  func `a credential of any length comes back`(length: Int) throws {
    let call = try callOf(3)
    let (a, b, c) = (call.clients[0], call.clients[1], call.clients[2])
    let secret = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let wrapped = try a.keys.wrap(secret, for: b.member, purpose: "turn")
    #expect(try b.keys.unwrap(wrapped, from: a.member, purpose: "turn") == secret)
    // For nobody else, from nobody else, for nothing else.
    #expect(throws: E2EError.authenticationFailed) { try c.keys.unwrap(wrapped, from: a.member, purpose: "turn") }
    #expect(throws: E2EError.authenticationFailed) { try b.keys.unwrap(wrapped, from: c.member, purpose: "turn") }
    #expect(throws: E2EError.authenticationFailed) { try b.keys.unwrap(wrapped, from: a.member, purpose: "relay") }
    #expect(try a.keys.wrap(secret, for: b.member, purpose: "turn") != wrapped, "each time under another key")
  }

  @Test(arguments: KeyAgreementSuite.allCases)
  func `each flipped byte is noticed`(suite: KeyAgreementSuite) throws {
    let call = try callOf(2, policy: KeyPolicy(offered: [suite], minimumSuite: suite))
    let (a, b) = (call.clients[0], call.clients[1])
    let wrapped = try a.keys.wrap(Array("user:password".utf8), for: b.member, purpose: "turn")
    for index in wrapped.indices {
      var changed = wrapped
      changed[index] ^= 0x40
      #expect(throws: E2EError.self, "byte \(index)") {
        try b.keys.unwrap(changed, from: a.member, purpose: "turn")
      }
    }
    for variant in MalformedSweep.truncations(of: wrapped) {
      #expect(throws: E2EError.self) { try b.keys.unwrap(variant, from: a.member, purpose: "turn") }
    }
    #expect(throws: E2EError.self) { try b.keys.unwrap(wrapped + [0], from: a.member, purpose: "turn") }
  }

  @Test func `a weaker suite than the pair agreed is refused`() throws {
    let call = try callOf(2)
    let (a, b) = (call.clients[0], call.clients[1])
    let keys = try #require(b.keys.agreement?.publicKeys)
    let weak = try WrappedCredential.wrap(
      [1, 2, 3], suite: .mlkem1024, to: keys, offers: (sender: a.keys.offeredBytes, recipient: b.keys.offeredBytes),
      binding: WrappedCredential.Binding(
        room: call.invite.room, sender: a.keys.bundleHash, recipient: b.keys.bundleHash, purpose: "turn"))
    #expect(throws: E2EError.malformed) { try b.keys.unwrap(weak, from: a.member, purpose: "turn") }
  }

  @Test func `it opens after the keys were renewed once`() throws {
    let call = try callOf(2)
    let (a, b) = (call.clients[0], call.clients[1])
    let wrapped = try a.keys.wrap([9], for: b.member, purpose: "invite")
    call.prepare(.periodic)
    call.run(for: .seconds(4))
    #expect(b.keys.agreement?.publicKeys.generation == 1)
    #expect(try b.keys.unwrap(wrapped, from: a.member, purpose: "invite") == [9])
  }

  @Test func `nothing is wrapped for strangers or with a purpose out of bounds`() throws {
    let call = try callOf(2)
    let stranger = try call.makeClient()
    let (a, b) = (call.clients[0], call.clients[1])
    #expect(throws: E2EError.noKey) { try a.keys.wrap([1], for: stranger.member, purpose: "turn") }
    #expect(throws: E2EError.noKey) { try a.keys.wrap([1], for: a.member, purpose: "turn") }
    #expect(throws: E2EError.malformed) {
      try a.keys.wrap([1], for: b.member, purpose: String(repeating: "x", count: 65))
    }
    a.keys.close()
    #expect(throws: E2EError.closed) { try a.keys.wrap([1], for: b.member, purpose: "turn") }
  }
}
