import Crypto
@testable import E2EKeys
import SFrame
import Signaling
import TestKit
import Testing
import WireBytes

/// What a member with the invite, or a faulty client, may send: every check of a commit is met by a commit that fails
/// only that one.
@Suite struct InsiderTests {
  private struct Scene {
    let call: Call
    let insider: Client
    let victim: Client
    /// A commit that the victim would take.
    let genuine: Commit

    init(suites: [KeyAgreementSuite] = KeyAgreementSuite.allCases, leaving: Bool = false) throws {
      call = Call(seed: 500)
      for _ in 0..<4 { try call.join() }
      call.run(for: .milliseconds(300))
      (insider, victim) = (call.clients[0], call.clients[1])
      call.relayPrepares = false
      if leaving {
        call.leave(call.clients[3])
        call.run(for: .milliseconds(20))
      }
      insider.keys.commit(cause: .periodic, advised: 0, headN: call.n, at: call.now)
      let insiderID = insider.member
      let victimID = victim.member
      let sent = insider.keys.takeActions().compactMap { action -> SealedToMember? in
        if case .send(let message) = action { message } else { nil }
      }
      let member = try #require(victim.keys.log?.member(insiderID))
      let groupKey = GroupChannel.key(of: member.bundleHash, secret: try #require(victim.keys.pairwiseSecret))
      let announcement = try GroupChannel.open(try #require(sent.last { $0.to == nil }).body.bytes, key: groupKey)
      var channel = try #require(member.channel)
      let opened = try channel.open(try #require(sent.last { $0.to == victimID }).body.bytes)
      guard case .wrappedKey(let delivery)? = SealedMessage(parsing: opened) else { throw ByteError.truncated }
      genuine = try Commit(parsing: announcement + delivery.wrapped)
    }

    /// Signs a changed header and sends it; returns what the victim said of it.
    func send(_ header: Commit.Header, wrapped: WrappedKey? = nil, signature: [UInt8]? = nil) throws -> RekeyFailure? {
      let signed =
        try signature
        ?? insider.keys.identity.signature(
          of: header.bytes, context: Commit.signatureContext)
      let bytes = Commit.bytes(
        signedHeader: header.bytes, signature: signed, wrapped: (wrapped ?? genuine.wrapped)?.bytes ?? [])
      return try send(bytes)
    }

    func send(_ bytes: [UInt8]) throws -> RekeyFailure? {
      let member = try #require(insider.keys.log?.member(victim.member))
      let body = try #require(try member.channel?.seal(SealedMessage.commit(bytes).bytes))
      victim.events = []
      victim.keys.receive(SealedFromMember(from: insider.member, body: Blob(body)), at: call.now)
      call.drain(victim)
      for case .rekeyFailed(_, let failure) in victim.events { return failure }
      return nil
    }
  }

  @Test func `the genuine commit is taken`() throws {
    let scene = try Scene()
    #expect(try scene.send(scene.genuine.header) == nil)
    #expect(scene.victim.keys.newest?.epoch == 2)
  }

  @Test func `another signature`() throws {
    let scene = try Scene()
    var signature = scene.genuine.signature
    signature[100] ^= 1
    #expect(try scene.send(scene.genuine.header, signature: signature) == .badSignature)
  }

  @Test func `a wrapped key that was not signed`() throws {
    let scene = try Scene()
    let header = scene.genuine.header
    let binding = scene.insider.keys.binding(
      header, sender: scene.insider.keys.bundleHash, recipient: scene.victim.keys.bundleHash)
    let keys = try #require(scene.victim.keys.agreement?.publicKeys)
    let offered = scene.victim.keys.offeredBytes
    let other = try WrappedKey(
      SymmetricKey(size: .bits256), suite: .x25519MLKEM1024, to: keys, offers: (sender: offered, recipient: offered),
      binding: binding)
    #expect(try scene.send(header, wrapped: other) == .badWrappedKey)
    // Even signed, it is not the key that everybody was told of.
    var signed = header
    let index = try #require(signed.entries.firstIndex { $0.joinIndex == scene.victim.keys.ownJoinIndex })
    signed.entries[index] = Commit.Entry(
      joinIndex: signed.entries[index].joinIndex, suite: other.suite, generation: 0, hash: sha3(other.bytes))
    #expect(try scene.send(signed, wrapped: other) == .badConfirmation)
    // And under another binding it does not open at all.
    signed.epoch += 1
    #expect(try scene.send(signed, wrapped: other) == .badWrappedKey)
  }

  @Test func `a weaker suite than both offer`() throws {
    let scene = try Scene()
    let header = scene.genuine.header
    let keys = try #require(scene.victim.keys.agreement?.publicKeys)
    let offered = scene.victim.keys.offeredBytes
    let weak = try WrappedKey(
      SymmetricKey(size: .bits256), suite: .mlkem1024, to: keys, offers: (sender: offered, recipient: offered),
      binding: scene.insider.keys.binding(
        header, sender: scene.insider.keys.bundleHash, recipient: scene.victim.keys.bundleHash))
    var signed = header
    let index = try #require(signed.entries.firstIndex { $0.joinIndex == scene.victim.keys.ownJoinIndex })
    signed.entries[index] = Commit.Entry(
      joinIndex: signed.entries[index].joinIndex, suite: weak.suite, generation: 0, hash: sha3(weak.bytes))
    #expect(try scene.send(signed, wrapped: weak) == .weakSuite)
  }

  @Test func `a header that does not fit`() throws {
    let scene = try Scene()
    func refusal(_ change: (inout Commit.Header) -> Void) throws -> RekeyFailure? {
      var header = scene.genuine.header
      change(&header)
      return try scene.send(header)
    }
    #expect(try refusal { $0.sender += 1 } == .malformed)
    #expect(try refusal { $0.origin += 1 } == .malformed)
    #expect(try refusal { $0.senderBundleHash[0] ^= 1 } == .malformed)
    #expect(try refusal { $0.epoch = .max } == .malformed)
    #expect(try refusal { $0.headHash[0] ^= 1 } == .rosterMismatch)
    #expect(try refusal { $0.rosterHash[0] ^= 1 } == .rosterMismatch)
    #expect(try refusal { $0.keyRosterHash[0] ^= 1 } == .rosterMismatch)
    #expect(try refusal { $0.excluded = [3] } == .rosterMismatch)
    #expect(try refusal { $0.excluded = [2] } == .excluded)
    #expect(try refusal { _ = $0.entries.popLast() } == .rosterMismatch)
    #expect(try refusal { $0.confirmation[0] ^= 1 } == .badConfirmation)
    #expect(
      try refusal {
        $0.kind = .ratchet; $0.entries.removeFirst()
      } == .badBase)
    // Of the past: dropped without a word.
    #expect(try refusal { $0.epoch = 0 } == nil)
    #expect(scene.victim.keys.newest?.epoch == 1)
  }

  @Test func `a ratchet from an epoch whose member has left`() throws {
    let scene = try Scene(leaving: true)
    let base = try #require(scene.victim.keys.sending)
    var header = scene.genuine.header
    header.kind = .ratchet
    header.entries = []
    header.baseEpoch = base.epoch
    header.baseID = base.id
    let key = base.ratcheted(keyRosterHash: header.keyRosterHash)
    header.confirmation = EpochKeys.confirmation(
      key, epoch: header.epoch, headHash: header.headHash, keyRosterHash: header.keyRosterHash)
    #expect(try scene.send(header) == .badBase)
  }

  @Test func `a key for a member without an authentic bundle`() throws {
    let call = Call(seed: 501)
    for _ in 0..<2 { try call.join() }
    call.run(for: .milliseconds(300))
    call.relayPrepares = false
    call.enter(try call.makeClient(invite: InviteSecret(random: SeededRandom(seed: 7).source)))
    call.run(for: .milliseconds(20))
    let (insider, victim) = (call.clients[0], call.clients[1])
    let snapshot = try #require(insider.keys.log?.current)
    var header = try #require(insider.keys.sending?.header)
    (header.headN, header.headHash, header.epoch) = (snapshot.n, snapshot.headHash, 2)
    header.rosterHash = snapshot.rosterHash(room: call.invite.room)
    header.keyRosterHash = header.rosterHash
    header.excluded = []
    let signature = try insider.keys.identity.signature(of: header.bytes, context: Commit.signatureContext)
    let member = try #require(insider.keys.log?.member(victim.member))
    insider.keys.send(
      .commit(Commit.bytes(signedHeader: header.bytes, signature: signature, wrapped: [])), to: member)
    call.drain(insider)
    call.run(for: .milliseconds(20))
    #expect(victim.events.contains(.rekeyFailed(epoch: 2, .unauthenticatedMember)))
  }

  @Test func `a bundle with keys that cannot be used is refused and stops nobody`() throws {
    let call = Call(seed: 502)
    for _ in 0..<2 { try call.join() }
    call.run(for: .milliseconds(300))
    let good = try AgreementPrivateKeys(generation: 0, suites: KeyAgreementSuite.allCases).publicKeys
    let wrong = [
      AgreementPublicKeys(
        generation: 0, x25519: good.x25519, kems: [.mlkem1024: [UInt8](repeating: 0xFF, count: 1568)]),
      AgreementPublicKeys(generation: 0, x25519: [UInt8](repeating: 0, count: 32), kems: good.kems),
    ]
    for keys in wrong {
      let contents = KeyBundle.Contents(
        room: call.invite.room, nonce: [UInt8](repeating: 1, count: 32), offered: [1, 2],
        sframeSuite: .aes256GCMSHA512_128, channelKey: good.x25519, agreement: keys)
      let bundle = try contents.sealed(by: MemberIdentity(), admissionKey: call.invite.admissionKey)
      let victim = call.clients[0]
      let log = try #require(victim.keys.log)
      let entry = MembershipEntry(
        n: log.n + 1, kind: .join, member: MemberID(bundleHash: sha3(bundle)), bundleHash: Blob(sha3(bundle)),
        cause: .joined, previous: Blob(log.headHash))
      victim.keys.membershipChanged(MembershipChange(entry: entry, bundle: Blob(bundle)), at: call.now)
      call.drain(victim)
      #expect(victim.events.contains(.memberRejected(entry.member, .malformed)))
    }
  }

  @Test func `a wrapped key opens under its own binding only`() throws {
    let keys = try AgreementPrivateKeys(generation: 3, suites: KeyAgreementSuite.allCases)
    let room = try #require(RoomID(bytes: [UInt8](repeating: 9, count: 16)))
    let binding = WrappedKey.Binding(
      room: room, epoch: 7, rosterHash: [UInt8](repeating: 1, count: 32), headN: 4,
      headHash: [UInt8](repeating: 2, count: 32), sender: [UInt8](repeating: 3, count: 32),
      recipient: [UInt8](repeating: 4, count: 32))
    for suite in KeyAgreementSuite.allCases {
      let key = SymmetricKey(size: .bits256)
      let wrapped = try WrappedKey(
        key, suite: suite, to: keys.publicKeys, offers: (sender: [1, 2], recipient: [1, 2]), binding: binding)
      var reader = ByteReader(wrapped.bytes.span)
      let parsed = try WrappedKey(reading: &reader)
      #expect(parsed == wrapped)
      #expect(try parsed.open(with: keys, offers: (sender: [1, 2], recipient: [1, 2]), binding: binding) == key)
      func refuses(_ change: (inout WrappedKey.Binding) -> Void) -> Bool {
        var other = binding
        change(&other)
        return (try? wrapped.open(with: keys, offers: (sender: [1, 2], recipient: [1, 2]), binding: other)) == nil
      }
      #expect(refuses { $0.epoch += 1 })
      #expect(refuses { $0.rosterHash[0] ^= 1 })
      #expect(refuses { $0.headN += 1 })
      #expect(refuses { $0.headHash[0] ^= 1 })
      #expect(refuses { $0.sender[0] ^= 1 })
      #expect(refuses { $0.recipient[0] ^= 1 })
      // A suite stripped from either offer on the way.
      #expect(throws: (any Error).self) {
        try wrapped.open(with: keys, offers: (sender: [2], recipient: [1, 2]), binding: binding)
      }
      #expect(throws: (any Error).self) {
        try wrapped.open(with: keys, offers: (sender: [1, 2], recipient: [1]), binding: binding)
      }
      let others = try AgreementPrivateKeys(generation: 3, suites: KeyAgreementSuite.allCases)
      #expect(throws: (any Error).self) {
        try wrapped.open(with: others, offers: (sender: [1, 2], recipient: [1, 2]), binding: binding)
      }
    }
  }

  @Test func `a commit of any shape is parsed or refused`() throws {
    let scene = try Scene()
    let bytes = Commit.bytes(
      signedHeader: scene.genuine.signedBytes, signature: scene.genuine.signature,
      wrapped: try #require(scene.genuine.wrapped).bytes)
    for length in stride(from: 0, to: bytes.count, by: 7) {
      let variant = Array(bytes.prefix(length))
      let withoutKey = scene.genuine.signedBytes.count + scene.genuine.signature.count
      guard length != withoutKey else { continue }
      #expect(throws: ByteError.self) { try Commit(parsing: variant) }
    }
    for variant in MalformedSweep.mutations(of: bytes, count: 300, seed: 3) where variant != bytes {
      _ = try scene.send(variant)
      #expect(scene.victim.keys.newest?.epoch == 1)
    }
    let heartbeat = SealedMessage.heartbeat(
      Heartbeat(
        headN: 3, headHash: [UInt8](repeating: 1, count: 32), epoch: 2,
        epochID: [UInt8](repeating: 2, count: 16), generation: 1))
    for variant in MalformedSweep.truncations(of: heartbeat.bytes) { #expect(SealedMessage(parsing: variant) == nil) }
    guard case .heartbeat(let parsed)? = SealedMessage(parsing: heartbeat.bytes) else {
      Issue.record("not a heartbeat")
      return
    }
    #expect(parsed.bytes == Array(heartbeat.bytes.dropFirst()))
  }
}
