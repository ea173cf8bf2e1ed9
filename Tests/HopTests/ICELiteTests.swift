import HopCrypto
import ICE
import STUN
import TestKit
import Testing
import WireBytes

struct ICELiteTests {
  private static let now = MonotonicInstant(nanoseconds: 5_000_000_000)
  private static let home = ICEFixture.clientAddress
  private static let roaming = Endpoint(ipv4: 0xCB00_7105, port: 50_001)

  private static func parse(_ outcome: ICELiteAgent.Outcome) throws -> STUNMessage {
    let bytes =
      switch outcome {
      case .reply(let bytes), .replyAndSelected(let bytes, _): bytes
      }
    try STUNMessage.verifyIntegrity(of: bytes.span) {
      HopHMAC.sha1(key: Array(ICEFixture.relayCredentials.pwd.utf8), message: $0)
    }
    return try STUNMessage(parsing: bytes.span)
  }

  @Test func `a check is answered with the address it came from`() throws {
    var agent = ICEFixture().relay
    let outcome = try agent.receive(ICEFixture.check(id: 9).span, from: Self.home, at: Self.now)
    guard case .reply = outcome else {
      Issue.record("a check without nomination selects nothing")
      return
    }
    let response = try Self.parse(outcome)
    #expect(response.messageClass == .success && response.hasFingerprint)
    #expect(response.transactionID == [UInt8](repeating: 9, count: 12))
    #expect(response.xorMappedAddress == Self.home)
    #expect(agent.isValidated(Self.home) && agent.selected == nil)
    #expect(!agent.hasConsent(at: Self.now) && agent.consentDeadline == .never)
  }

  @Test func `a nomination selects, and the latest one wins`() throws {
    var agent = ICEFixture().relay
    let nomination = ICEFixture.check(nominate: true)
    guard case .replyAndSelected(_, Self.home) = try agent.receive(nomination.span, from: Self.home, at: Self.now)
    else {
      Issue.record("the first nomination is new")
      return
    }
    guard case .reply = try agent.receive(nomination.span, from: Self.home, at: Self.now) else {
      Issue.record("the same nomination again is not")
      return
    }
    guard case .replyAndSelected(_, Self.roaming) = try agent.receive(nomination.span, from: Self.roaming, at: Self.now)
    else {
      Issue.record("another address is")
      return
    }
    #expect(agent.selected == Self.roaming && agent.isValidated(Self.home))
  }

  @Test func `without the password or the user name nothing is answered`() {
    var agent = ICEFixture().relay
    let hostile = [
      ICEFixture.check(password: "another password of 24 b", nominate: true),
      ICEFixture.check(username: "relayufr:stranger", nominate: true),
      ICEFixture.check(username: "another:client", nominate: true),
      ICEFixture.check(username: "relayufr", nominate: true),
      ICEFixture.check(username: "", nominate: true),
    ]
    for datagram in hostile {
      #expect(throws: ICEError.unauthenticated) { try agent.receive(datagram.span, from: Self.home, at: Self.now) }
    }
    var bare = STUNMessageBuilder(messageClass: .request, transactionID: [UInt8](repeating: 1, count: 12))
    bare.username("relayufr:client")
    bare.useCandidate()
    let unsigned = bare.finish(hmac: nil)
    #expect(throws: ICEError.unauthenticated) { try agent.receive(unsigned.span, from: Self.home, at: Self.now) }
    #expect(agent.selected == nil && !agent.isValidated(Self.home))
  }

  @Test func `answers and indications have no place here`() {
    var agent = ICEFixture().relay
    for kind in [STUNMessageClass.success, .error, .indication] {
      var message = STUNMessageBuilder(messageClass: kind, transactionID: [UInt8](repeating: 1, count: 12))
      message.username("relayufr:client")
      let bytes = ICEFixture.finish(message, password: ICEFixture.relayCredentials.pwd)
      #expect(throws: ICEError.unexpected) { try agent.receive(bytes.span, from: Self.home, at: Self.now) }
    }
  }

  @Test func `a peer that wants to be controlled is told of the conflict`() throws {
    var agent = ICEFixture().relay
    let check = ICEFixture.check(nominate: true, controlled: true)
    let response = try Self.parse(try agent.receive(check.span, from: Self.home, at: Self.now))
    #expect(response.messageClass == .error && response.errorCode == 487)
    #expect(agent.selected == nil && !agent.isValidated(Self.home))
  }

  @Test func `consent lasts as long as checks come from the selected address`() throws {
    var agent = ICEFixture().relay
    _ = try agent.receive(ICEFixture.check(nominate: true).span, from: Self.home, at: Self.now)
    #expect(agent.consentDeadline == Self.now + .seconds(15))
    let later = Self.now + .seconds(10)
    _ = try agent.receive(ICEFixture.check().span, from: Self.home, at: later)
    #expect(agent.hasConsent(at: Self.now + .seconds(24)))
    // A check from elsewhere says nothing about the selected path.
    _ = try agent.receive(ICEFixture.check().span, from: Self.roaming, at: Self.now + .seconds(24))
    #expect(!agent.hasConsent(at: Self.now + .seconds(25)))
    #expect(agent.selected == Self.home)
    _ = try agent.receive(ICEFixture.check().span, from: Self.home, at: Self.now + .seconds(40))
    #expect(agent.hasConsent(at: Self.now + .seconds(40)))
  }

  @Test func `a peer keeps eight addresses, among them the selected one`() throws {
    var agent = ICEFixture().relay
    _ = try agent.receive(ICEFixture.check(nominate: true).span, from: Self.home, at: Self.now)
    let others = (0..<100).map { Endpoint(ipv4: 0x0A00_0001, port: UInt16(1000 + $0)) }
    for other in others { _ = try agent.receive(ICEFixture.check().span, from: other, at: Self.now) }
    #expect(agent.isValidated(Self.home))
    #expect(others.filter { agent.isValidated($0) } == Array(others.suffix(ICELiteAgent.addressLimit - 1)))
  }

  @Test func `a check names the peer it is for`() {
    func ufrag(_ datagram: [UInt8]) -> String? {
      (try? STUNMessage(parsing: datagram.span)).flatMap { ICELiteAgent.localUfrag(of: $0) }
    }
    #expect(ufrag(ICEFixture.check()) == "relayufr")
    #expect(ufrag(ICEFixture.check(username: "no colon")) == nil)
    #expect(ufrag([UInt8](repeating: 0, count: 20)) == nil)
    #expect(ufrag([]) == nil)
  }

  @Test func `no damaged check selects an address`() {
    let check = ICEFixture.check(nominate: true)
    let variants =
      MalformedSweep.truncations(of: check) + MalformedSweep.mutations(of: check, count: 3000, seed: 8)
    for variant in variants where ICEFixture.authenticPart(variant) != ICEFixture.authenticPart(check) {
      var agent = ICEFixture().relay
      _ = (try? STUNMessage(parsing: variant.span)).flatMap { ICELiteAgent.localUfrag(of: $0) }
      _ = try? agent.receive(variant.span, from: Self.home, at: Self.now)
      #expect(agent.selected == nil)
    }
  }

  @Test func `credentials are random, and of ice-chars`() {
    let made = (0..<50).map { ICECredentials.random(SeededRandom(seed: $0).source) }
    #expect(Set(made).count == 50)
    let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    for credentials in made {
      #expect(credentials.ufrag.count == 8 && credentials.pwd.count == 32)
      #expect((credentials.ufrag + credentials.pwd).allSatisfy { allowed.contains($0) })
    }
  }
}
