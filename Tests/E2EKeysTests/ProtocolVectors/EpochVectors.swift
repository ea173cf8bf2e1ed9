import Crypto
@testable import E2EKeys
import SFrame
import Signaling
import TestKit
import Testing
import WireBytes

struct AgreementVectors: VectorFile {
  static let name = "agreement"

  struct BindingFields: Codable {
    let room: RoomID
    let epoch: UInt32
    let rosterHash: Blob
    let headN: UInt32
    let headHash: Blob
    let sender: Blob
    let recipient: Blob

    var binding: WrappedKey.Binding {
      WrappedKey.Binding(
        room: room, epoch: epoch, rosterHash: rosterHash.bytes, headN: headN, headHash: headHash.bytes,
        sender: sender.bytes, recipient: recipient.bytes)
    }
  }

  struct KeyCase: Codable {
    let suite: String
    let binding: BindingFields
    let additionalData: Blob
    /// What the combiner makes of the shared secrets.
    let secret: Blob
    let wrapped: Blob
    let hash: Blob
    let key: Blob
  }

  struct CredentialCase: Codable {
    let suite: String
    let purpose: String
    let wrapped: Blob
    let credential: Blob
  }

  let recipient: AgreementSeeds
  /// As in the bundles.
  let senderOffers: [UInt8]
  let recipientOffers: [UInt8]
  let keys: [KeyCase]
  let room: RoomID
  let sender: Blob
  let recipientBundleHash: Blob
  let credentials: [CredentialCase]

  static func make() throws -> Self {
    var pattern = Pattern(31)
    let recipient = try AgreementPrivateKeys(generation: 5, suites: KeyAgreementSuite.allCases)
    let offers: Encapsulation.Offers = (sender: [1, 2, 3, 5, 4], recipient: [1, 2, 3, 5, 4, 77])
    let room = try #require(RoomID(bytes: pattern.blob(16).bytes))
    let (sender, receiver) = (pattern.blob(32), pattern.blob(32))
    let keys = try KeyAgreementSuite.allCases.map { suite in
      let fields = BindingFields(
        room: room, epoch: 7, rosterHash: pattern.blob(32), headN: 4, headHash: pattern.blob(32), sender: sender,
        recipient: receiver)
      let groupKey = pattern.blob(32)
      let wrapped = try WrappedKey(
        key(groupKey), suite: suite, to: recipient.publicKeys, offers: offers, binding: fields.binding)
      return KeyCase(
        suite: suite.name, binding: fields,
        additionalData: Blob(fields.binding.bytes(suite: suite, generation: wrapped.generation)),
        secret: Blob(try wrapped.encapsulation.secret(with: recipient, offers: offers).publicBytes),
        wrapped: Blob(wrapped.bytes), hash: Blob(sha3(wrapped.bytes)), key: groupKey)
    }
    let credentials = try KeyAgreementSuite.allCases.enumerated().map { index, suite in
      let (credential, purpose) = (pattern.blob(index * 20), index == 0 ? "" : "turn \(index) ü")
      let binding = WrappedCredential.Binding(
        room: room, sender: sender.bytes, recipient: receiver.bytes, purpose: purpose)
      return CredentialCase(
        suite: suite.name, purpose: purpose,
        wrapped: Blob(
          try WrappedCredential.wrap(
            credential.bytes, suite: suite, to: recipient.publicKeys, offers: offers, binding: binding)),
        credential: credential)
    }
    return Self(
      recipient: AgreementSeeds(recipient), senderOffers: offers.sender, recipientOffers: offers.recipient, keys: keys,
      room: room, sender: sender, recipientBundleHash: receiver, credentials: credentials)
  }

  func check() throws {
    let privateKeys = try recipient.keys()
    let offers: Encapsulation.Offers = (sender: senderOffers, recipient: recipientOffers)
    for vector in keys {
      var reader = ByteReader(vector.wrapped.bytes.span)
      let wrapped = try WrappedKey(reading: &reader)
      #expect(wrapped.bytes == vector.wrapped.bytes)
      #expect(wrapped.suite.name == vector.suite)
      #expect(sha3(wrapped.bytes) == vector.hash.bytes)
      #expect(
        vector.binding.binding.bytes(suite: wrapped.suite, generation: wrapped.generation)
          == vector.additionalData.bytes)
      #expect(try wrapped.encapsulation.secret(with: privateKeys, offers: offers) == key(vector.secret))
      #expect(try wrapped.open(with: privateKeys, offers: offers, binding: vector.binding.binding) == key(vector.key))
    }
    for vector in credentials {
      let suite = try #require(KeyAgreementSuite(name: vector.suite))
      let binding = WrappedCredential.Binding(
        room: room, sender: sender.bytes, recipient: recipientBundleHash.bytes, purpose: vector.purpose)
      let opened = try WrappedCredential.unwrap(
        vector.wrapped.bytes, with: privateKeys, minimumSuite: suite, offers: offers, binding: binding)
      #expect(opened == vector.credential.bytes)
    }
  }
}

struct CommitVectors: VectorFile {
  static let name = "commits"

  struct Entry: Codable {
    let joinIndex: UInt32
    let suite: UInt8
    let generation: UInt32
    let hash: Blob
  }

  struct Fields: Codable {
    let kind: UInt8
    let cause: UInt8
    let weakest: UInt8
    let epoch: UInt32
    let advised: UInt32
    let origin: UInt32
    let sender: UInt32
    let headN: UInt32
    let headHash: Blob
    let rosterHash: Blob
    let keyRosterHash: Blob
    let baseEpoch: UInt32
    let baseID: Blob
    let confirmation: Blob
    let room: RoomID
    let senderBundleHash: Blob
    let excluded: [UInt32]
    let entries: [Entry]

    func header() throws -> Commit.Header {
      Commit.Header(
        kind: try #require(Commit.Kind(rawValue: kind)), cause: try #require(RekeyCause(wireByte: cause)),
        weakest: try #require(KeyAgreementSuite(rawValue: weakest)), epoch: epoch, advised: advised, origin: origin,
        sender: sender, headN: headN, headHash: headHash.bytes, rosterHash: rosterHash.bytes,
        keyRosterHash: keyRosterHash.bytes, baseEpoch: baseEpoch, baseID: baseID.bytes,
        confirmation: confirmation.bytes, room: room, senderBundleHash: senderBundleHash.bytes, excluded: excluded,
        entries: try entries.map {
          Commit.Entry(
            joinIndex: $0.joinIndex, suite: try #require(KeyAgreementSuite(rawValue: $0.suite)),
            generation: $0.generation, hash: $0.hash.bytes)
        })
    }
  }

  struct Case: Codable {
    let fields: Fields
    let header: Blob
    let hash: Blob
    let signature: Blob
    /// The wrapped key of a whole commit; empty for an announcement.
    let wrapped: Blob
  }

  let identitySeed: Blob
  let commits: [Case]
  /// Not commits of this version.
  let refused: [Blob]

  static func make() throws -> Self {
    var pattern = Pattern(32)
    let seed = pattern.blob(32)
    let identity = try MemberIdentity(rawRepresentation: seed.bytes)
    let keys = try AgreementPrivateKeys(generation: 2, suites: [.mlkem768]).publicKeys
    let binding = WrappedKey.Binding(
      room: try #require(RoomID(bytes: pattern.blob(16).bytes)), epoch: 1, rosterHash: pattern.blob(32).bytes, headN: 1,
      headHash: pattern.blob(32).bytes, sender: pattern.blob(32).bytes, recipient: pattern.blob(32).bytes)
    let wrapped = try WrappedKey(
      SymmetricKey(size: .bits256), suite: .mlkem768, to: keys, offers: (sender: [4], recipient: [4]), binding: binding)
    let commits = try [(1, 0, 3), (2, 1, 1), (3, 2, 1)].map { (kind: Int, excluded: Int, entries: Int) in
      let fields = try fields(kind: UInt8(kind), excluded: excluded, entries: entries, &pattern)
      let bytes = try fields.header().bytes
      return Case(
        fields: fields, header: Blob(bytes), hash: Blob(sha3(bytes)),
        signature: Blob(try identity.signature(of: bytes, context: Commit.signatureContext)),
        wrapped: Blob(kind == 1 ? [] : wrapped.bytes))
    }
    let whole = commits[2].header.bytes + commits[2].signature.bytes + commits[2].wrapped.bytes
    let changed = [(0, 0), (0, 4), (1, 5), (2, 6)].map { (place: Int, value: Int) in
      var bytes = whole
      bytes[place] = UInt8(value)
      return bytes
    }
    return Self(
      identitySeed: seed, commits: commits,
      refused: ([[], Array(whole.dropLast()), whole + [0], Array(whole.prefix(200))] + changed).map { Blob($0) })
  }

  private static func fields(
    kind: UInt8, excluded: Int, entries: Int, _ pattern: inout Pattern
  ) throws -> Fields {
    Fields(
      kind: kind, cause: kind, weakest: 4, epoch: 0x0102_0304, advised: 9, origin: 70_000, sender: 70_001,
      headN: 80_000,
      headHash: pattern.blob(32), rosterHash: pattern.blob(32), keyRosterHash: pattern.blob(32), baseEpoch: 3,
      baseID: pattern.blob(16), confirmation: pattern.blob(32),
      room: try #require(RoomID(bytes: pattern.blob(16).bytes)),
      senderBundleHash: pattern.blob(32), excluded: (0..<excluded).map { UInt32($0 + 500) },
      entries: (0..<entries).map {
        Entry(joinIndex: UInt32($0 + 600), suite: 4, generation: UInt32($0), hash: pattern.blob(32))
      })
  }

  func check() throws {
    let identity = try MemberIdentity(rawRepresentation: identitySeed.bytes).publicKey
    for vector in commits {
      let header = try vector.fields.header()
      #expect(header.bytes == vector.header.bytes)
      #expect(sha3(header.bytes) == vector.hash.bytes)
      #expect(
        isValidSignature(vector.signature.bytes, of: header.bytes, context: Commit.signatureContext, by: identity))
      let commit = try Commit(parsing: header.bytes + vector.signature.bytes + vector.wrapped.bytes)
      #expect(commit.header == header)
      #expect(commit.signature == vector.signature.bytes)
      #expect(commit.wrapped?.bytes ?? [] == vector.wrapped.bytes)
      guard let wrapped = commit.wrapped else { continue }
      let delivery = WrappedKeyDelivery(commitHash: commit.hash, wrapped: wrapped.bytes)
      guard case .wrappedKey(let parsed)? = SealedMessage(parsing: SealedMessage.wrappedKey(delivery).bytes) else {
        Issue.record("not a delivery")
        continue
      }
      #expect(parsed.bytes == vector.hash.bytes + vector.wrapped.bytes)
    }
    for bytes in refused { #expect(throws: ByteError.self) { try Commit(parsing: bytes.bytes) } }
  }
}

struct EpochVectors: VectorFile {
  static let name = "epochs"

  struct Frame: Codable {
    let stream: UInt8
    let counter: UInt32
    /// Hexadecimal digits: 64 bits.
    let kid: String
    let plaintext: Blob
    let sealed: Blob
  }

  struct Sender: Codable {
    let member: MemberID
    let joinIndex: UInt32
    let suite: UInt16
    let baseKey: Blob
    let frames: [Frame]
  }

  struct Case: Codable {
    let key: Blob
    let epoch: UInt32
    let headHash: Blob
    let keyRosterHash: Blob
    let id: Blob
    let confirmation: Blob
    /// The next key when members only joined, with the same key roster hash.
    let ratcheted: Blob
    let senders: [Sender]
  }

  let epochs: [Case]

  static func make() throws -> Self {
    var pattern = Pattern(33)
    return Self(
      epochs: try [1, 258, 0xFFFF_0000].map { (epoch: UInt32) in
        let (group, head, roster) = (pattern.blob(32), pattern.blob(32), pattern.blob(32))
        let senders = try SFrameCipherSuite.allCases.enumerated().map { index, suite in
          try sender(suite, joinIndex: index == 4 ? 0xFF_FFFF : UInt32(index + 1), epoch, group, &pattern)
        }
        return Case(
          key: group, epoch: epoch, headHash: head, keyRosterHash: roster,
          id: Blob(EpochKeys.identifier(E2EKeysTests.key(group), epoch: epoch)),
          confirmation: Blob(
            EpochKeys.confirmation(
              E2EKeysTests.key(group), epoch: epoch, headHash: head.bytes, keyRosterHash: roster.bytes)),
          ratcheted: Blob(E2EKeysTests.key(group).derived("ratchet", roster.bytes).publicBytes), senders: senders)
      })
  }

  private static func baseKey(_ group: Blob, _ member: MemberID, _ epoch: UInt32) -> SymmetricKey {
    var context = member.bytes
    context.append(u32: epoch)
    return E2EKeysTests.key(group).derived("sframe", context)
  }

  private static func sender(
    _ suite: SFrameCipherSuite, joinIndex: UInt32, _ epoch: UInt32, _ group: Blob, _ pattern: inout Pattern
  ) throws -> Sender {
    let member = pattern.member()
    let base = baseKey(group, member, epoch)
    let frames = try [(MediaStream.microphone, 0), (.camera1, 7), (.screen2, 70_000)].map {
      (stream: MediaStream, counter: Int) in
      let kid = KeyIdentifier(epoch: epoch, joinIndex: joinIndex, stream: stream.rawValue).kid
      let plaintext = pattern.blob(counter % 50)
      let sealed = try SFrameKey(suite: suite, kid: kid, baseKey: base).seal(
        plaintext: plaintext.bytes, ctr: UInt64(counter))
      return Frame(
        stream: stream.rawValue, counter: UInt32(counter), kid: String(kid, radix: 16), plaintext: plaintext,
        sealed: Blob(sealed))
    }
    return Sender(
      member: member, joinIndex: joinIndex, suite: suite.rawValue, baseKey: Blob(base.publicBytes), frames: frames)
  }

  func check() throws {
    for vector in epochs {
      let group = E2EKeysTests.key(vector.key)
      #expect(EpochKeys.identifier(group, epoch: vector.epoch) == vector.id.bytes)
      #expect(
        EpochKeys.confirmation(
          group, epoch: vector.epoch, headHash: vector.headHash.bytes, keyRosterHash: vector.keyRosterHash.bytes)
          == vector.confirmation.bytes)
      #expect(group.derived("ratchet", vector.keyRosterHash.bytes).publicBytes == vector.ratcheted.bytes)
      for sender in vector.senders {
        let base = Self.baseKey(vector.key, sender.member, vector.epoch)
        #expect(base.publicBytes == sender.baseKey.bytes)
        let suite = try #require(SFrameCipherSuite(rawValue: sender.suite))
        for frame in sender.frames {
          let kid = KeyIdentifier(epoch: vector.epoch, joinIndex: sender.joinIndex, stream: frame.stream).kid
          #expect(String(kid, radix: 16) == frame.kid)
          let frameKey = SFrameKey(suite: suite, kid: kid, baseKey: base)
          #expect(try frameKey.seal(plaintext: frame.plaintext.bytes, ctr: UInt64(frame.counter)) == frame.sealed.bytes)
          #expect(try frameKey.open(frame.sealed.bytes) == frame.plaintext.bytes)
        }
      }
    }
  }
}
