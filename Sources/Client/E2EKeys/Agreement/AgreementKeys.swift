import Crypto
import FoundationEssentials
import WireBytes

/// The public keys that keys are encapsulated to: one generation of one member.
///
/// ```
/// X25519 key (32) | count (1) | for each KEM of the offered suites: kem (1) | length (2) | public key
/// ```
/// KEMs of later versions are skipped.
struct AgreementPublicKeys: Sendable, Equatable {
  static let x25519Length = 32
  /// More keys than that, or longer ones, are no sensible bundle.
  private static let maximumKeys = 8
  private static let maximumKeyLength = 4096

  /// 0 for the keys in the bundle; one more at each periodic rekey.
  let generation: UInt32
  let x25519: [UInt8]
  let kems: [KEMAlgorithm: [UInt8]]
  /// As on the wire.
  let bytes: [UInt8]

  init(generation: UInt32, x25519: [UInt8], kems: [KEMAlgorithm: [UInt8]]) {
    self.generation = generation
    self.x25519 = x25519
    self.kems = kems
    var bytes = x25519 + [UInt8(truncatingIfNeeded: kems.count)]
    for kem in KEMAlgorithm.allCases {
      guard let key = kems[kem] else { continue }
      bytes.append(kem.rawValue)
      bytes.append(u16: UInt16(truncatingIfNeeded: key.count))
      bytes += key
    }
    self.bytes = bytes
  }

  /// Throws for a list that is cut off, has a KEM twice or a key of the wrong length.
  init(generation: UInt32, reading reader: inout ByteReader) throws(ByteError) {
    self.generation = generation
    x25519 = try reader.array(Self.x25519Length)
    let count = Int(try reader.u8())
    guard (1...Self.maximumKeys).contains(count) else { throw .truncated }
    var kems: [KEMAlgorithm: [UInt8]] = [:]
    var bytes = x25519 + [UInt8(count)]
    for _ in 0..<count {
      let id = try reader.u8()
      let length = try reader.u16()
      guard length <= Self.maximumKeyLength else { throw .truncated }
      let key = try reader.array(Int(length))
      bytes.append(id)
      bytes.append(u16: length)
      bytes += key
      guard let kem = KEMAlgorithm(rawValue: id) else { continue }
      guard kems[kem] == nil, key.count == kem.publicKeyLength else { throw .truncated }
      kems[kem] = key
    }
    self.kems = kems
    self.bytes = bytes
  }

  /// Whether keys can be encapsulated to them by every one of `suites`. A member whose keys cannot be used must not stop a
  /// commit to the others, so this is asked before it is let in. `probe` is any X25519 key: a point of low order fails
  /// with each.
  func isUsable(for suites: [KeyAgreementSuite], probe: Curve25519.KeyAgreement.PrivateKey) -> Bool {
    guard (try? E2EKeys.x25519(probe, with: x25519)) != nil else { return false }
    return Set(suites.map(\.kem)).allSatisfy { kem in kems[kem].map { kem.accepts($0) } ?? false }
  }
}

/// The private half of a generation. Replaced at each periodic rekey, so that a device taken later does not open the
/// earlier part of a recorded call.
struct AgreementPrivateKeys: Sendable {
  let x25519: Curve25519.KeyAgreement.PrivateKey
  let kems: [KEMAlgorithm: KEMPrivateKey]
  let publicKeys: AgreementPublicKeys

  /// Fresh keys for every KEM of the suites. Throws `internalFailure`.
  init(generation: UInt32, suites: [KeyAgreementSuite]) throws(E2EError) {
    x25519 = Curve25519.KeyAgreement.PrivateKey()
    var kems: [KEMAlgorithm: KEMPrivateKey] = [:]
    do {
      for kem in Set(suites.map(\.kem)) { kems[kem] = try KEMPrivateKey(kem) }
    } catch {
      throw .internalFailure
    }
    self.kems = kems
    publicKeys = AgreementPublicKeys(
      generation: generation, x25519: [UInt8](x25519.publicKey.rawRepresentation),
      kems: kems.mapValues(\.publicKey))
  }

  /// From private keys that are there already, as in test vectors.
  init(generation: UInt32, x25519: Curve25519.KeyAgreement.PrivateKey, kems: [KEMAlgorithm: KEMPrivateKey]) {
    self.x25519 = x25519
    self.kems = kems
    publicKeys = AgreementPublicKeys(
      generation: generation, x25519: [UInt8](x25519.publicKey.rawRepresentation),
      kems: kems.mapValues(\.publicKey))
  }
}
