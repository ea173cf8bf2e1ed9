import Crypto
@testable import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

struct LogVectors: VectorFile {
  static let name = "log"

  struct Item: Codable {
    let joinIndex: UInt32
    let member: MemberID
    let bundleHash: Blob
  }

  let room: RoomID
  let entries: [MembershipEntry]
  /// After each entry.
  let heads: [Blob]
  let roster: [Item]
  let rosterHash: Blob
  let emptyRosterHash: Blob

  static func make() throws -> Self {
    var pattern = Pattern(21)
    let room = try #require(RoomID(bytes: pattern.blob(16).bytes))
    let hashes = (0..<4).map { _ in pattern.blob(32) }
    let changes: [(Int, MembershipEntry.Kind, MembershipCause)] = [
      (0, .join, .joined), (1, .join, .joined), (0, .leave, .left), (2, .join, .joined), (1, .leave, .disconnected),
      (3, .join, .joined), (2, .leave, .consentLost), (3, .leave, .closed),
    ]
    var entries: [MembershipEntry] = []
    var heads: [Blob] = []
    for (index, change) in changes.enumerated() {
      let entry = MembershipEntry(
        n: UInt32(index + 1), kind: change.1, member: MemberID(bundleHash: hashes[change.0].bytes),
        bundleHash: hashes[change.0], cause: change.2, previous: heads.last ?? MembershipEntry.genesis)
      entries.append(entry)
      heads.append(Blob(sha3(entry.hashedBytes(room: room))))
    }
    let roster = [(2, 1), (4, 2), (70_000, 3)].map { (joinIndex: Int, hash: Int) in
      Item(
        joinIndex: UInt32(joinIndex), member: MemberID(bundleHash: hashes[hash].bytes), bundleHash: hashes[hash])
    }
    return Self(
      room: room, entries: entries, heads: heads, roster: roster, rosterHash: hash(of: roster, room: room),
      emptyRosterHash: hash(of: [], room: room))
  }

  private static func hash(of roster: [Item], room: RoomID) -> Blob {
    let items = roster.map {
      RosterEncoding.Item(joinIndex: $0.joinIndex, member: $0.member, bundleHash: $0.bundleHash.bytes)
    }
    return Blob(sha3(RosterEncoding.hashedBytes(room: room, items: items)))
  }

  func check() throws {
    #expect(entries.map { Blob(sha3($0.hashedBytes(room: room))) } == heads)
    #expect(Self.hash(of: roster, room: room) == rosterHash)
    #expect(Self.hash(of: [], room: room) == emptyRosterHash)
  }
}

struct ChannelVectors: VectorFile {
  static let name = "channels"

  struct Side: Codable {
    let privateKey: Blob
    let bundleHash: Blob
  }

  struct Message: Codable {
    let fromFirst: Bool
    let message: Blob
    let sealed: Blob
  }

  let pairwiseSecret: Blob
  let sides: [Side]
  let messages: [Message]
  /// From the first side to all.
  let groupMessages: [Message]
  /// The sequence numbers of those.
  let groupSequences: [UInt32]

  static func make() throws -> Self {
    var pattern = Pattern(22)
    let (secret, sides) = (
      pattern.blob(32), (0..<2).map { _ in Side(privateKey: pattern.blob(32), bundleHash: pattern.blob(32)) }
    )
    var (first, second) = try channels(sides, secret)
    let messages = try [true, false, true, true, false].enumerated().map { index, fromFirst in
      let message = pattern.blob(1 + index * 50)
      return Message(
        fromFirst: fromFirst, message: message,
        sealed: Blob(fromFirst ? try first.seal(message.bytes) : try second.seal(message.bytes)))
    }
    let groupKey = GroupChannel.key(of: sides[0].bundleHash.bytes, secret: key(secret))
    let sequences: [UInt32] = [0, 1, 0xFFFF_FFFF]
    let groupMessages = try sequences.map { sequence in
      let message = pattern.blob(100)
      return Message(
        fromFirst: true, message: message,
        sealed: Blob(try GroupChannel.seal(message.bytes, sequence: UInt64(sequence), key: groupKey)))
    }
    return Self(
      pairwiseSecret: secret, sides: sides, messages: messages, groupMessages: groupMessages, groupSequences: sequences)
  }

  private static func channels(_ sides: [Side], _ secret: Blob) throws -> (PairwiseChannel, PairwiseChannel) {
    func channel(_ own: Side, _ peer: Side) throws -> PairwiseChannel {
      let peerKey = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: peer.privateKey.bytes).publicKey
      return try #require(
        PairwiseChannel(
          own: .init(rawRepresentation: own.privateKey.bytes), ownBundleHash: own.bundleHash.bytes,
          peerKey: [UInt8](peerKey.rawRepresentation), peerBundleHash: peer.bundleHash.bytes, salt: key(secret)))
    }
    return (try channel(sides[0], sides[1]), try channel(sides[1], sides[0]))
  }

  func check() throws {
    var (first, second) = try Self.channels(sides, pairwiseSecret)
    for vector in messages {
      if vector.fromFirst {
        #expect(try first.seal(vector.message.bytes) == vector.sealed.bytes)
        #expect(try second.open(vector.sealed.bytes) == vector.message.bytes)
        #expect(throws: E2EError.replayed) { try second.open(vector.sealed.bytes) }
      } else {
        #expect(try second.seal(vector.message.bytes) == vector.sealed.bytes)
        #expect(try first.open(vector.sealed.bytes) == vector.message.bytes)
      }
    }
    let groupKey = GroupChannel.key(of: sides[0].bundleHash.bytes, secret: key(pairwiseSecret))
    for (vector, sequence) in zip(groupMessages, groupSequences) {
      let sealed = try GroupChannel.seal(vector.message.bytes, sequence: UInt64(sequence), key: groupKey)
      #expect(sealed == vector.sealed.bytes)
      #expect(try GroupChannel.open(sealed, key: groupKey) == vector.message.bytes)
    }
  }
}

struct MessageVectors: VectorFile {
  static let name = "messages"

  struct HeartbeatCase: Codable {
    let headN: UInt32
    let headHash: Blob
    let epoch: UInt32
    let epochID: Blob
    let generation: UInt32
    let bytes: Blob
  }

  struct TextCase: Codable {
    let text: String
    let bytes: Blob
  }

  struct UpdateCase: Codable {
    let room: RoomID
    let bundleHash: Blob
    let identitySeed: Blob
    let keys: AgreementSeeds
    /// What is signed.
    let signed: Blob
    let bytes: Blob
  }

  let heartbeats: [HeartbeatCase]
  let profiles: [TextCase]
  let chats: [TextCase]
  /// By what is asked for: epoch, keyUpdate, profile.
  let requests: [String: Blob]
  let updates: [UpdateCase]
  /// Not messages of this version.
  let refused: [Blob]

  static func make() throws -> Self {
    var pattern = Pattern(23)
    let heartbeats = [(0, 0, 0), (7, 3, 1), (0xFF_FFFF, 0xFFFF_0000, 0xFFFF_FFFF)].map { (numbers: (Int, Int, Int)) in
      let (head, id) = (pattern.blob(32), pattern.blob(16))
      let beat = Heartbeat(
        headN: UInt32(numbers.0), headHash: head.bytes, epoch: UInt32(numbers.1), epochID: id.bytes,
        generation: UInt32(numbers.2))
      return HeartbeatCase(
        headN: beat.headN, headHash: head, epoch: beat.epoch, epochID: id, generation: beat.generation,
        bytes: Blob(SealedMessage.heartbeat(beat).bytes))
    }
    let names = ["Ada", "Jürgen 🌍", String(repeating: "x", count: 128), "👩‍👩‍👧", "שלום"]
    let texts = ["hello\nall", "a\tb", "line\u{2028}separator", String(repeating: "é", count: 2_048)]
    let keys = try AgreementPrivateKeys(generation: 3, suites: [.x25519MLKEM1024, .xWing])
    return Self(
      heartbeats: heartbeats,
      profiles: try names.map {
        TextCase(text: $0, bytes: Blob(SealedMessage.profile(try #require(Profile(name: $0))).bytes))
      },
      chats: try texts.map { TextCase(text: $0, bytes: Blob(SealedMessage.chat(try #require(Chat(text: $0))).bytes)) },
      requests: [
        "epoch": Blob(SealedMessage.keyRequest(.epoch).bytes),
        "keyUpdate": Blob(SealedMessage.keyRequest(.keyUpdate).bytes),
        "profile": Blob(SealedMessage.keyRequest(.profile).bytes),
      ], updates: [try update(keys, &pattern)], refused: refusals(heartbeats[1].bytes.bytes))
  }

  private static func update(_ keys: AgreementPrivateKeys, _ pattern: inout Pattern) throws -> UpdateCase {
    let identity = try MemberIdentity(rawRepresentation: pattern.blob(32).bytes)
    let room = try #require(RoomID(bytes: pattern.blob(16).bytes))
    let bundleHash = pattern.blob(32)
    let signed = KeyUpdate.signedBytes(keys.publicKeys, room: room, bundleHash: bundleHash.bytes)
    let update = KeyUpdate(
      keys: keys.publicKeys, signature: try identity.signature(of: signed, context: KeyUpdate.signatureContext))
    return UpdateCase(
      room: room, bundleHash: bundleHash, identitySeed: Blob(identity.rawRepresentation), keys: AgreementSeeds(keys),
      signed: Blob(signed), bytes: Blob(SealedMessage.keyUpdate(update).bytes))
  }

  private static func refusals(_ heartbeat: [UInt8]) -> [Blob] {
    let names = [
      "", String(repeating: "x", count: 129), "two\nlines", "tab\t", "turn\u{202E}around", "nul\u{0}", "a\u{2066}b",
      "   ", "\u{200B}\u{2060}",
    ]
    let texts = ["", String(repeating: "x", count: 4_097), "bell\u{7}", "return\r\n", "turn\u{202A}around"]
    var refused: [[UInt8]] = [
      [], [0], [8, 1], Array(heartbeat.dropLast()), heartbeat + [0], [4], [4, 0], [4, 4], [4, 1, 0], [3], [5, 1, 2, 3],
      [6, 0xFF], [7, 0xC0, 0x80], [7, 0xED, 0xA0, 0x80],
    ]
    refused += names.map { [6] + Array($0.utf8) }
    refused += texts.map { [7] + Array($0.utf8) }
    return refused.map { Blob($0) }
  }

  func check() throws {
    for vector in heartbeats {
      let beat = Heartbeat(
        headN: vector.headN, headHash: vector.headHash.bytes, epoch: vector.epoch, epochID: vector.epochID.bytes,
        generation: vector.generation)
      #expect(SealedMessage.heartbeat(beat).bytes == vector.bytes.bytes)
      guard case .heartbeat(beat)? = SealedMessage(parsing: vector.bytes.bytes) else {
        Issue.record("another heartbeat")
        continue
      }
    }
    for vector in profiles {
      #expect(SealedMessage.profile(try #require(Profile(name: vector.text))).bytes == vector.bytes.bytes)
      guard case .profile(let profile)? = SealedMessage(parsing: vector.bytes.bytes), profile.name == vector.text else {
        Issue.record("another name")
        continue
      }
    }
    for vector in chats {
      #expect(SealedMessage.chat(try #require(Chat(text: vector.text))).bytes == vector.bytes.bytes)
      guard case .chat(let chat)? = SealedMessage(parsing: vector.bytes.bytes), chat.text == vector.text else {
        Issue.record("another text")
        continue
      }
    }
    for (name, request) in [("epoch", KeyRequest.epoch), ("keyUpdate", .keyUpdate), ("profile", .profile)] {
      #expect(requests[name]?.bytes == SealedMessage.keyRequest(request).bytes)
    }
    for vector in updates { try check(vector) }
    for bytes in refused { #expect(SealedMessage(parsing: bytes.bytes) == nil, "\(bytes.bytes.prefix(20))") }
  }

  private func check(_ vector: UpdateCase) throws {
    let keys = try vector.keys.keys().publicKeys
    let signed = KeyUpdate.signedBytes(keys, room: vector.room, bundleHash: vector.bundleHash.bytes)
    #expect(signed == vector.signed.bytes)
    guard case .keyUpdate(let update)? = SealedMessage(parsing: vector.bytes.bytes) else {
      Issue.record("not a key update")
      return
    }
    #expect(update.keys == keys)
    let identity = try MemberIdentity(rawRepresentation: vector.identitySeed.bytes).publicKey
    #expect(
      isValidSignature(update.signature, of: signed, context: KeyUpdate.signatureContext, by: identity))
  }
}
