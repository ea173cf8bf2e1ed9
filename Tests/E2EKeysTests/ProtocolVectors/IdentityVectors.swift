import Crypto
@testable import E2EKeys
import SFrame
import Signaling
import TestKit
import Testing
import WireBytes

struct InviteVectors: VectorFile {
  static let name = "invites"

  struct Case: Codable, Equatable {
    let text: String
    let room: RoomID
    let admissionKey: Blob
    let pairwiseSecret: Blob

    init(text: String) throws {
      let secret = try inviteSecret(text)
      self.text = text
      room = secret.room
      admissionKey = Blob(secret.admissionKey.publicBytes)
      pairwiseSecret = Blob(secret.pairwiseSecret.publicBytes)
    }
  }

  let cases: [Case]
  /// Texts that are no invite.
  let refused: [String]

  static func make() throws -> Self {
    let secrets = [[UInt8](repeating: 0, count: 32), Array(0..<32), [UInt8](repeating: 255, count: 32)]
    let good = Base64URL.encode(secrets[1])
    return Self(
      cases: try secrets.map { try Case(text: Base64URL.encode($0)) },
      refused: [
        "", "short", good + "A", String(good.dropLast()), String(good.dropLast()) + "=", good + "=", " " + good,
      ])
  }

  func check() throws {
    for vector in cases { #expect(try Case(text: vector.text) == vector) }
    for text in refused { #expect(InviteSecret(text: text) == nil, "\(text)") }
  }
}

struct BundleVectors: VectorFile {
  static let name = "bundles"

  struct Member: Codable {
    let identitySeed: Blob
    let channelPrivateKey: Blob
    let agreement: AgreementSeeds
    let nonce: Blob
    let offered: [UInt8]
    let sframeSuite: UInt16
    /// Without signature and MAC: what follows from the fields above.
    let contents: Blob
    let bundle: Blob
    let hash: Blob
    let member: MemberID
  }

  struct Refused: Codable {
    let what: String
    let bundle: Blob
    let rejection: String
  }

  let invite: String
  let members: [Member]
  let refused: [Refused]

  static func make() throws -> Self {
    var pattern = Pattern(11)
    let text = Base64URL.encode(pattern.blob(32).bytes)
    let members = try [[1, 2, 3, 5, 4], [1, 2], [3, 200]].map { (offered: [UInt8]) in
      try member(offered: offered, invite: text, pattern: &pattern)
    }
    return Self(invite: text, members: members, refused: try refusals(invite: text, pattern: &pattern))
  }

  private static func member(
    offered: [UInt8], invite text: String, pattern: inout Pattern, room: RoomID? = nil, frameSuite: UInt16 = 5
  ) throws -> Member {
    let secret = try inviteSecret(text)
    let identity = try MemberIdentity(rawRepresentation: pattern.blob(32).bytes)
    let channel = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: pattern.blob(32).bytes)
    let suites = offered.compactMap { KeyAgreementSuite(rawValue: $0) }
    let agreement = try AgreementPrivateKeys(generation: 0, suites: suites)
    let suite = try #require(SFrameCipherSuite(rawValue: frameSuite))
    let contents = KeyBundle.Contents(
      room: room ?? secret.room, nonce: pattern.blob(32).bytes, offered: offered, sframeSuite: suite,
      channelKey: [UInt8](channel.publicKey.rawRepresentation), agreement: agreement.publicKeys)
    let bytes = try contents.sealed(by: identity, admissionKey: secret.admissionKey)
    return Member(
      identitySeed: Blob(identity.rawRepresentation), channelPrivateKey: Blob([UInt8](channel.rawRepresentation)),
      agreement: AgreementSeeds(agreement), nonce: Blob(contents.nonce), offered: offered, sframeSuite: frameSuite,
      contents: Blob(Array(bytes.dropLast(MemberIdentity.signatureLength + 32))), bundle: Blob(bytes),
      hash: Blob(sha3(bytes)), member: MemberID(bundleHash: sha3(bytes)))
  }

  private static func refusals(invite text: String, pattern: inout Pattern) throws -> [Refused] {
    let secret = try inviteSecret(text)
    let good = try member(offered: [4], invite: text, pattern: &pattern)
    let identity = try MemberIdentity(rawRepresentation: good.identitySeed.bytes)
    /// Changes the contents, and signs and MACs them again.
    func signed(_ change: (inout [UInt8]) -> Void) throws -> [UInt8] {
      var bytes = good.contents.bytes
      change(&bytes)
      bytes += try identity.signature(of: bytes, context: KeyBundle.signatureContext)
      return bytes + HMAC<SHA256>.authenticationCode(for: bytes, using: secret.admissionKey)
    }
    func maced(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
      var bytes = Array(good.bundle.bytes.dropLast(32))
      change(&bytes)
      return bytes + HMAC<SHA256>.authenticationCode(for: bytes, using: secret.admissionKey)
    }
    let other = try member(
      offered: [4], invite: Base64URL.encode(pattern.blob(32).bytes), pattern: &pattern, room: secret.room)
    let cases: [(String, [UInt8], String)] = [
      ("made with another invite", other.bundle.bytes, "bad_mac"),
      ("the last byte changed", good.bundle.bytes.dropLast() + good.bundle.bytes.suffix(1).map { $0 ^ 1 }, "bad_mac"),
      ("cut off", Array(good.bundle.bytes.prefix(3_000)), "malformed"),
      ("of version 2", try signed { $0[0] = 2 }, "malformed"),
      ("for another room", try signed { $0[1] ^= 1 }, "wrong_room"),
      ("a suite without its key", try signed { $0[50] = 2 }, "malformed"),
      (
        "no suites",
        try signed {
          $0[49] = 0; $0.remove(at: 50)
        }, "malformed"
      ),
      (
        "a suite twice",
        try signed {
          $0[49] = 2; $0.insert(4, at: 50)
        }, "malformed"
      ),
      ("an unknown frame suite", try signed { $0[52] = 99 }, "frame_suite"),
      ("a byte too many", try signed { $0.append(0) }, "malformed"),
      ("the signature changed", maced { $0[$0.count - 1] ^= 1 }, "bad_signature"),
      ("a changed nonce under the old signature", maced { $0[20] ^= 1 }, "bad_signature"),
    ]
    return cases.map { Refused(what: $0.0, bundle: Blob($0.1), rejection: $0.2) }
  }

  func check() throws {
    let secret = try inviteSecret(invite)
    for vector in members {
      let keys = try vector.agreement.keys()
      let channel = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: vector.channelPrivateKey.bytes)
      let identity = try MemberIdentity(rawRepresentation: vector.identitySeed.bytes)
      let contents = KeyBundle.Contents(
        room: secret.room, nonce: vector.nonce.bytes, offered: vector.offered,
        sframeSuite: try #require(SFrameCipherSuite(rawValue: vector.sframeSuite)),
        channelKey: [UInt8](channel.publicKey.rawRepresentation), agreement: keys.publicKeys)
      let made = try contents.sealed(by: identity, admissionKey: secret.admissionKey)
      #expect(Array(made.prefix(vector.contents.bytes.count)) == vector.contents.bytes)
      #expect(made.count == vector.bundle.bytes.count)
      let bundle = try KeyBundle(verifying: vector.bundle.bytes, room: secret.room, admissionKey: secret.admissionKey)
      #expect(bundle.offeredBytes == vector.offered)
      #expect(bundle.suites == vector.offered.compactMap { KeyAgreementSuite(rawValue: $0) })
      #expect(bundle.agreement == keys.publicKeys)
      #expect(bundle.identity == identity.publicKey)
      #expect(sha3(vector.bundle.bytes) == vector.hash.bytes)
      #expect(MemberID(bundleHash: vector.hash.bytes) == vector.member)
    }
    for vector in refused {
      do throws(MemberRejection) {
        _ = try KeyBundle(verifying: vector.bundle.bytes, room: secret.room, admissionKey: secret.admissionKey)
        Issue.record("\(vector.what): accepted")
      } catch { #expect(error.label == vector.rejection, "\(vector.what)") }
    }
  }
}

struct PeopleVectors: VectorFile {
  static let name = "people"

  struct SafetyNumberCase: Codable {
    let room: RoomID
    let identitySeeds: [Blob]
    let fingerprints: [Blob]
    let digits: String
  }

  struct SkeletonCase: Codable {
    let name: String
    /// The same up to canonical equivalence.
    let skeleton: String
  }

  let safetyNumbers: [SafetyNumberCase]
  let skeletons: [SkeletonCase]
  let pinsFile: String
  let pins: [String: Blob]
  let refusedPins: [String]

  static func make() throws -> Self {
    var pattern = Pattern(12)
    let cases = try (0..<3).map { _ in
      let seeds = [pattern.blob(32), pattern.blob(32)]
      let identities = try seeds.map { try MemberIdentity(rawRepresentation: $0.bytes) }
      let room = try #require(RoomID(bytes: pattern.blob(16).bytes))
      return SafetyNumberCase(
        room: room, identitySeeds: seeds, fingerprints: identities.map { Blob($0.fingerprint) },
        digits: SafetyNumber.text(identities[0].publicKey, identities[1].publicKey, room: room))
    }
    var pins = IdentityPins()
    pins.trust(contact: "Ada", identity: [1])
    pins.trust(contact: "Jürgen 🌍", identity: [2])
    let good = String(repeating: "A", count: 43)
    let names = [
      "Ada", "  ada\t", "A\u{AD}d\u{200B}a\u{FE0F}", "\u{2060}ADA", "Ada \u{A0}\u{3000} Lovelace", "Ju\u{308}rgen",
      "JÜRGEN",
      "\u{130}stanbul", "ΟΔΥΣΣΕΥΣ", "\u{1E9E}", "👩\u{200D}👩", "\u{3164}", " \u{200B} ",
    ]
    return Self(
      safetyNumbers: cases,
      skeletons: names.map { SkeletonCase(name: $0, skeleton: IdentityPins.skeleton($0)) },
      pinsFile: String(decoding: pins.json, as: UTF8.self),
      pins: pins.fingerprints.mapValues(Blob.init),
      refusedPins: [
        "", "[]", "{}", "{\"version\":\"1\",\"pins\":{}}", "{\"version\":2,\"pins\":{}}",
        "{\"version\":1,\"pins\":{\"a\":7}}",
        "{\"version\":1,\"pins\":{\"\":\"\(good)\"}}", "{\"version\":1,\"pins\":{\"a\":\"AAAA\"}}",
        "{\"version\":1,\"pins\":{\"\(String(repeating: "x", count: 385))\":\"\(good)\"}}",
        "{\"version\":1,\"pins\":{\"Ada\":\"\(good)\"}}", "{\"version\":1,\"pins\":{\"ada \":\"\(good)\"}}",
        "{\"version\":1,\"pins\":{\"a\u{200B}da\":\"\(good)\"}}",
      ])
  }

  func check() throws {
    for vector in safetyNumbers {
      let identities = try vector.identitySeeds.map { try MemberIdentity(rawRepresentation: $0.bytes) }
      #expect(identities.map(\.fingerprint) == vector.fingerprints.map(\.bytes))
      for (a, b) in [(0, 1), (1, 0)] {
        #expect(
          SafetyNumber.text(identities[a].publicKey, identities[b].publicKey, room: vector.room) == vector.digits)
      }
    }
    for vector in skeletons { #expect(IdentityPins.skeleton(vector.name) == vector.skeleton, "\(vector.name)") }
    let read = try IdentityPins(json: Array(pinsFile.utf8))
    #expect(read.fingerprints == pins.mapValues(\.bytes))
    #expect(String(decoding: read.json, as: UTF8.self) == pinsFile)
    for text in refusedPins {
      #expect(throws: IdentityPinsError.self, "\(text)") { try IdentityPins(json: Array(text.utf8)) }
    }
  }
}
