import Crypto
import WireBytes

/// A fresh secret, encapsulated to one member's agreement keys.
///
/// ```
/// suite (1) | recipient's generation (4) | ephemeral X25519 key (32, hybrid suites) | KEM ciphertext
/// ```
/// The secret comes from `KeyCombiner`, which binds both sides' offers. It is used for one AEAD box only.
struct Encapsulation: Equatable, Sendable {
  /// The suite lists of both sides as in their bundles.
  typealias Offers = (sender: [UInt8], recipient: [UInt8])

  let suite: KeyAgreementSuite
  let generation: UInt32
  let ephemeral: [UInt8]
  let ciphertext: [UInt8]

  var bytes: [UInt8] {
    var bytes = [suite.rawValue]
    bytes.append(u32: generation)
    return bytes + ephemeral + ciphertext
  }

  init(reading reader: inout ByteReader) throws(ByteError) {
    guard let suite = KeyAgreementSuite(rawValue: try reader.u8()) else { throw .truncated }
    self.suite = suite
    generation = try reader.u32()
    ephemeral = suite.isHybrid ? try reader.array(AgreementPublicKeys.x25519Length) : []
    ciphertext = try reader.array(suite.kem.ciphertextLength)
  }

  private init(suite: KeyAgreementSuite, generation: UInt32, ephemeral: [UInt8], ciphertext: [UInt8]) {
    self.suite = suite
    self.generation = generation
    self.ephemeral = ephemeral
    self.ciphertext = ciphertext
  }

  /// Encapsulates to a member's current keys; `secret` is for the sender's box. Throws for keys that cannot be used.
  static func make(
    suite: KeyAgreementSuite, to recipient: AgreementPublicKeys, offers: Offers
  ) throws -> (encapsulation: Encapsulation, secret: SymmetricKey) {
    guard let publicKey = recipient.kems[suite.kem] else { throw E2EError.malformed }
    let result = try suite.kem.encapsulate(to: publicKey)
    var shared: SymmetricKey?
    var ephemeral = [UInt8]()
    if suite.isHybrid {
      let own = Curve25519.KeyAgreement.PrivateKey()
      shared = try x25519(own, with: recipient.x25519).symmetricKey
      ephemeral = [UInt8](own.publicKey.rawRepresentation)
    }
    let encapsulation = Encapsulation(
      suite: suite, generation: recipient.generation, ephemeral: ephemeral, ciphertext: result.ciphertext)
    return (
      encapsulation, encapsulation.combined(x25519: shared, kem: result.secret, recipient: recipient, offers: offers)
    )
  }

  /// The secret. For a wrong recipient or changed bytes it is another one, or this throws.
  func secret(with keys: AgreementPrivateKeys, offers: Offers) throws -> SymmetricKey {
    guard let privateKey = keys.kems[suite.kem] else { throw E2EError.malformed }
    let kem = try privateKey.decapsulate(ciphertext)
    let shared = suite.isHybrid ? try x25519(keys.x25519, with: ephemeral).symmetricKey : nil
    return combined(x25519: shared, kem: kem, recipient: keys.publicKeys, offers: offers)
  }

  private func combined(
    x25519: SymmetricKey?, kem: SymmetricKey, recipient: AgreementPublicKeys, offers: Offers
  ) -> SymmetricKey {
    KeyCombiner.combine(
      x25519: x25519, kem: kem,
      transcript: KeyCombiner.Transcript(
        suite: suite, recipientX25519: recipient.x25519, recipientKEM: recipient.kems[suite.kem] ?? [],
        ephemeral: ephemeral, ciphertext: ciphertext, senderSuites: offers.sender, recipientSuites: offers.recipient))
  }
}
