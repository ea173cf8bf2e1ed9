@testable import E2EKeys
import TestKit
import Testing
import WireBytes

/// Names, texts and identities.
@Suite struct PeopleTests {
  private func join(
    _ call: Call, name: String?, identity: MemberIdentity? = nil, pins: IdentityPins = IdentityPins()
  ) throws -> Client {
    let keys = try CallKeys(
      invite: call.invite, identity: identity ?? MemberIdentity(), policy: KeyPolicy(), displayName: name, pins: pins,
      random: SeededRandom(seed: UInt64(call.clients.count) + 7).source, at: call.now)
    let client = Client(name: call.clients.count, keys: keys)
    call.enter(client)
    return client
  }

  @Test func `everybody learns the names of those before and after`() throws {
    let call = Call(seed: 620)
    let clients = try ["Ada", "Grace", nil, "Jürgen 🌍"].map { try join(call, name: $0) }
    call.run(for: .milliseconds(300))
    for client in clients {
      let names = client.events.compactMap { event -> String? in
        if case .profile(_, let name) = event { name } else { nil }
      }
      let others = clients.filter { $0 !== client }.compactMap { $0.keys.profile?.name }
      #expect(Set(names) == Set(others))
      #expect(names.count == others.count, "each once")
    }
  }

  @Test func `a name that was lost with a connection is asked for`() throws {
    let call = Call(seed: 621)
    let ada = try join(call, name: "Ada")
    let grace = try join(call, name: "Grace")
    call.onSealed = { from, _, body in from === grace ? [] : [(body, .zero)] }
    call.run(for: .milliseconds(100))
    call.onSealed = nil
    #expect(!ada.events.contains(.profile(grace.member, name: "Grace")))
    ada.isConnected = false
    call.run(for: .seconds(1))
    call.resume(ada)
    call.run(for: .milliseconds(300))
    #expect(ada.events.contains(.profile(grace.member, name: "Grace")))
  }

  @Test(arguments: ["", String(repeating: "x", count: 129), "two\nlines", "tab\t", "turn\u{202E}around", "nul\u{0}"])
  func `names that could mislead are refused`(name: String) throws {
    #expect(Profile(name: name) == nil)
    #expect(throws: E2EError.malformed) { try join(Call(seed: 1), name: name) }
    #expect(SealedMessage(parsing: [6] + Array(name.utf8)) == nil)
  }

  @Test func `texts reach everybody`() throws {
    let call = Call(seed: 622)
    let clients = try (0..<3).map { try join(call, name: "member \($0)") }
    call.run(for: .milliseconds(300))
    try clients[1].keys.say("hello\nall", at: call.now)
    call.drain(clients[1])
    call.run(for: .milliseconds(50))
    #expect(clients[0].events.contains(.chat(clients[1].member, text: "hello\nall")))
    #expect(clients[2].events.contains(.chat(clients[1].member, text: "hello\nall")))
    #expect(throws: E2EError.malformed) { try clients[1].keys.say("", at: call.now) }
    #expect(throws: E2EError.malformed) {
      try clients[1].keys.say(String(repeating: "x", count: 4_097), at: call.now)
    }
    for bytes in MalformedSweep.mutations(of: [7] + Array("Grüße 🌍".utf8), count: 500, seed: 5) {
      guard case .chat(let chat)? = SealedMessage(parsing: bytes) else { continue }
      #expect(Chat(text: chat.text) != nil)
    }
  }

  @Test func `a known name with the same identity is confirmed, with another one it is announced`() throws {
    let (ada, mallory) = (try MemberIdentity(), try MemberIdentity())
    let first = Call(seed: 623)
    let me = try join(first, name: "Me")
    let met = try join(first, name: "Ada", identity: ada)
    first.run(for: .milliseconds(300))
    #expect(me.events.contains(.identityFirstSeen(met.member, contact: "Ada")))
    let pins = try IdentityPins(json: me.keys.pins.json)

    let second = Call(seed: 624)
    let again = try join(second, name: "Me", pins: pins)
    let same = try join(second, name: "Ada", identity: ada)
    let impostor = try join(second, name: "Ada", identity: mallory)
    second.run(for: .milliseconds(300))
    #expect(again.events.contains(.identityConfirmed(same.member, contact: "Ada")))
    #expect(
      again.events.contains(.identityChanged(impostor.member, contact: "Ada", previous: ada.fingerprint)))
    #expect(again.keys.pins == pins, "an announcement changes no pin")
    // A person decides that it is the same one on a new device.
    #expect(again.keys.trustIdentity(of: impostor.member))
    #expect(again.keys.pins.check(contact: "Ada", identity: mallory.publicKey) == .same)
    #expect(again.keys.pins.check(contact: "Ada", identity: ada.publicKey) == .changed(previous: mallory.fingerprint))
  }

  @Test func `pins of any shape are read or refused`() throws {
    var pins = IdentityPins()
    pins.trust(contact: "Ada", identity: [1])
    pins.trust(contact: "Grace", identity: [2])
    #expect(try IdentityPins(json: pins.json) == pins)
    func error(_ text: String) -> IdentityPinsError? {
      do throws(IdentityPinsError) {
        _ = try IdentityPins(json: Array(text.utf8))
        return nil
      } catch { return error }
    }
    let good = String(repeating: "A", count: 43)
    #expect(error("{\"version\":1,\"pins\":{}}") == nil)
    #expect(error("") == .notPins)
    #expect(error("[]") == .notPins)
    #expect(error("{\"version\":\"1\",\"pins\":{}}") == .notPins)
    #expect(error("{\"version\":1,\"pins\":{\"a\":7}}") == .notPins)
    #expect(error("{\"version\":2,\"pins\":{}}") == .unknownVersion(2))
    #expect(error("{\"version\":1,\"pins\":{\"\":\"\(good)\"}}") == .badName)
    #expect(error("{\"version\":1,\"pins\":{\"a\":\"AAAA\"}}") == .badFingerprint)
    #expect(error("{\"version\":1,\"pins\":{\"a\":\"\(good)AAAA\"}}") == .badFingerprint)
    let many = (0...IdentityPins.maximumPins).map { "\"\($0)\":\"\(good)\"" }.joined(separator: ",")
    #expect(error("{\"version\":1,\"pins\":{\(many)}}") == .tooMany)
    for variant in MalformedSweep.truncations(of: Array(pins.json.dropLast(2))) {
      #expect(throws: IdentityPinsError.notPins) { try IdentityPins(json: variant) }
    }
  }

  @Test func `safety numbers are the same on both sides and differ between pairs and calls`() throws {
    let (ada, grace) = (try MemberIdentity(), try MemberIdentity())
    var numbers: [String] = []
    for seed in [625, 626] as [UInt64] {
      let call = Call(seed: seed)
      let (a, b) = (try join(call, name: "Ada", identity: ada), try join(call, name: "Grace", identity: grace))
      let c = try join(call, name: "Joan")
      call.run(for: .milliseconds(300))
      let number = try #require(a.keys.safetyNumber(with: b.member))
      #expect(number == b.keys.safetyNumber(with: a.member))
      #expect(number != a.keys.safetyNumber(with: c.member))
      #expect(a.keys.safetyNumber(with: a.member) == nil)
      let groups = number.split(separator: " ")
      #expect(groups.count == 12)
      #expect(groups.allSatisfy { $0.count == 5 && $0.allSatisfy(\.isNumber) })
      numbers.append(number)
    }
    #expect(numbers[0] != numbers[1])
  }

  @Test func `an identity comes back from its seed`() throws {
    let identity = try MemberIdentity()
    let again = try MemberIdentity(rawRepresentation: identity.rawRepresentation)
    #expect(again.publicKey == identity.publicKey)
    #expect(again.fingerprint == identity.fingerprint)
    #expect(throws: E2EError.malformed) { try MemberIdentity(rawRepresentation: [1, 2, 3]) }
  }
}

/// Names that look alike, texts that are for those in the call.
@Suite struct ImpostorTests {
  @Test(arguments: ["Ada\u{200B}", "ada", " Ada ", "A\u{00AD}da", "Ada\u{FE0F}", "\u{2060}ADA"])
  func `a name that looks like a known one is that name`(lookalike: String) throws {
    var pins = IdentityPins()
    pins.trust(contact: "Ada", identity: [1])
    #expect(pins.check(contact: lookalike, identity: [1]) == .same)
    #expect(pins.check(contact: lookalike, identity: [2]) == .changed(previous: sha3([1])))
    #expect(try IdentityPins(json: pins.json) == pins)
    pins.forget(contact: lookalike)
    #expect(pins.fingerprints.isEmpty)
  }

  @Test func `other names are other names, and one that nobody sees is none`() {
    var pins = IdentityPins()
    pins.trust(contact: "Ada Lovelace", identity: [1])
    #expect(pins.check(contact: "Ada", identity: [2]) == .firstSeen)
    #expect(pins.check(contact: "Ada  \u{00A0}Lovelace", identity: [2]) == .changed(previous: sha3([1])))
    #expect(Profile(name: "\u{200B}\u{2060}") == nil)
    #expect(Profile(name: "   ") == nil)
  }

  @Test func `a member that policy gives no keys gets neither names nor texts`() throws {
    let call = Call(seed: 630)
    func enter(_ policy: KeyPolicy) throws -> Client {
      let keys = try CallKeys(
        invite: call.invite, identity: MemberIdentity(), policy: policy, displayName: "member \(call.clients.count)",
        random: SeededRandom(seed: UInt64(call.clients.count) + 631).source, at: call.now)
      let client = Client(name: call.clients.count, keys: keys)
      call.enter(client)
      return client
    }
    let (a, b) = (try enter(KeyPolicy()), try enter(KeyPolicy()))
    let weak = try enter(KeyPolicy(offered: [.mlkem768], minimumSuite: .mlkem768))
    #expect(throws: E2EError.noKey) { try a.keys.say("early", at: call.now) }
    call.run(for: .milliseconds(2_500))
    try a.keys.say("hello", at: call.now)
    call.drain(a)
    call.run(for: .milliseconds(100))
    #expect(b.events.contains(.chat(a.member, text: "hello")))
    #expect(!weak.events.contains(.chat(a.member, text: "hello")))
    #expect(!weak.events.contains { if case .profile = $0 { true } else { false } })
  }
}
