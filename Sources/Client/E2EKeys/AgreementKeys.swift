import Crypto
import FoundationEssentials
import WireBytes

/// The public keys that epoch keys are encapsulated to: one generation of one member.
struct AgreementPublicKeys: Sendable {
  static let x25519Length = 32
  static let mlkemLength = 1568
  static let length = x25519Length + mlkemLength

  /// 0 for the keys in the bundle; one more at each periodic rekey.
  let generation: UInt32
  let x25519: [UInt8]
  let mlkem: [UInt8]

  /// `x25519 (32) | ML-KEM-1024 (1568)`
  var bytes: [UInt8] { x25519 + mlkem }

  /// Whether keys can be encapsulated to them at all. A member whose keys cannot be used must not stop a commit to the
  /// others, so this is asked before it is let in. `probe` is any X25519 key: a point of low order fails with each.
  func isUsable(probe: Curve25519.KeyAgreement.PrivateKey) -> Bool {
    guard (try? MLKEM1024.PublicKey(rawRepresentation: mlkem)) != nil else { return false }
    return (try? E2EKeys.x25519(probe, with: x25519)) != nil
  }

  init(generation: UInt32, x25519: [UInt8], mlkem: [UInt8]) {
    self.generation = generation
    self.x25519 = x25519
    self.mlkem = mlkem
  }

  init(generation: UInt32, reading reader: inout ByteReader) throws(ByteError) {
    self.generation = generation
    x25519 = try reader.array(Self.x25519Length)
    mlkem = try reader.array(Self.mlkemLength)
  }
}

/// The private half of a generation. Replaced at each periodic rekey, so that a device taken later does not open the
/// earlier part of a recorded call.
struct AgreementPrivateKeys: Sendable {
  let x25519: Curve25519.KeyAgreement.PrivateKey
  let mlkem: MLKEM1024.PrivateKey
  let publicKeys: AgreementPublicKeys

  init(generation: UInt32) throws(E2EError) {
    x25519 = Curve25519.KeyAgreement.PrivateKey()
    do { mlkem = try MLKEM1024.PrivateKey() } catch { throw .internalFailure }
    publicKeys = AgreementPublicKeys(
      generation: generation, x25519: [UInt8](x25519.publicKey.rawRepresentation),
      mlkem: [UInt8](mlkem.publicKey.rawRepresentation))
  }
}
