import Crypto
@testable import E2EKeys
import Foundation
import Signaling
import TestKit
import Testing
import WireBytes

/// One file of `Sources/Client/ProtocolVectors`. Bytes are base64url text, as in signalling.
protocol VectorFile: Codable {
  static var name: String { get }
  /// New vectors.
  static func make() throws -> Self
  /// Computes again what follows from the secrets, and opens the rest.
  func check() throws
}

extension VectorFile {
  /// From the file, which is written anew first if the environment says so.
  static func loaded() throws -> Self {
    if ProcessInfo.processInfo.environment["SEALEDSFU_WRITE_VECTORS"] == "1" {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try (try encoder.encode(try make()) + Data([10])).write(to: vectorURL(name))
    }
    return try vectorFile(Self.self, name)
  }
}

func vectorFile<Vectors: Decodable>(_: Vectors.Type, _ name: String) throws -> Vectors {
  try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: vectorURL(name)))
}

private func vectorURL(_ name: String) -> URL {
  URL(fileURLWithPath: #filePath.components(separatedBy: "/Tests/")[0])
    .appendingPathComponent("Sources/Client/ProtocolVectors/\(name).json")
}

/// The private half of one generation of agreement keys.
struct AgreementSeeds: Codable {
  let generation: UInt32
  let x25519: Blob
  /// 64 bytes `d | z` (FIPS 203), X-Wing: 32. By the byte of the KEM, as a decimal number.
  let kems: [String: Blob]

  init(_ keys: AgreementPrivateKeys) {
    generation = keys.publicKeys.generation
    x25519 = Blob([UInt8](keys.x25519.rawRepresentation))
    kems = Dictionary(uniqueKeysWithValues: keys.kems.map { (String($0.key.rawValue), Blob($0.value.seed)) })
  }

  func keys() throws -> AgreementPrivateKeys {
    var privateKeys: [KEMAlgorithm: E2EKeys.KEMPrivateKey] = [:]
    for (id, seed) in kems {
      let kem = try #require(UInt8(id).flatMap { KEMAlgorithm(rawValue: $0) })
      privateKeys[kem] =
        switch kem {
        case .mlkem1024: .mlkem1024(try MLKEM1024.PrivateKey(seedRepresentation: seed.bytes, publicKey: nil))
        case .mlkem768: .mlkem768(try MLKEM768.PrivateKey(seedRepresentation: seed.bytes, publicKey: nil))
        case .xWing: .xWing(try XWingMLKEM768X25519.PrivateKey(seedRepresentation: seed.bytes, publicKey: nil))
        }
    }
    return AgreementPrivateKeys(
      generation: generation, x25519: try .init(rawRepresentation: x25519.bytes), kems: privateKeys)
  }
}

/// Bytes that depend on nothing but a seed.
struct Pattern {
  private var random: SeededRandom

  init(_ seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func blob(_ count: Int) -> Blob { Blob(random.bytes(count)) }

  mutating func member() -> MemberID { MemberID(bundleHash: random.bytes(16)) }
}

func key(_ blob: Blob) -> SymmetricKey { SymmetricKey(data: blob.bytes) }

func inviteSecret(_ text: String) throws -> InviteSecret { try #require(InviteSecret(text: text)) }
