import Crypto
import FoundationEssentials
import WireBytes

/// A group call key encapsulated to one member.
///
/// ```
/// suite (1) | recipient's generation (4) | ephemeral X25519 key (32, hybrid suites) | ML-KEM-1024 ciphertext (1568)
/// | AES-256-GCM of the 32-byte key (48)
/// ```
/// The AEAD key comes from `KeyCombiner` and is used once, so its nonce is zero. The additional data binds what the key is
/// for: see `Binding`.
struct WrappedKey: Equatable, Sendable {
  static let ciphertextLength = 1568

  /// What a wrapped key is bound to, as additional data:
  /// `"SEALEDSFU-WRAP-V1" | room (16) | epoch (4) | roster hash (32) | log position (4) | log head (32) | committer's
  /// bundle hash (32) | recipient's bundle hash (32) | suite (1) | generation (4)`
  struct Binding {
    var room: RoomID
    var epoch: UInt32
    var rosterHash: [UInt8]
    var headN: UInt32
    var headHash: [UInt8]
    var sender: [UInt8]
    var recipient: [UInt8]

    func bytes(suite: KeyAgreementSuite, generation: UInt32) -> [UInt8] {
      var bytes = Array("SEALEDSFU-WRAP-V1".utf8) + room.bytes
      bytes.append(u32: epoch)
      bytes += rosterHash
      bytes.append(u32: headN)
      bytes += headHash + sender + recipient + [suite.rawValue]
      bytes.append(u32: generation)
      return bytes
    }
  }

  let suite: KeyAgreementSuite
  let generation: UInt32
  let ephemeral: [UInt8]
  let ciphertext: [UInt8]
  let box: [UInt8]

  var bytes: [UInt8] {
    var bytes = [suite.rawValue]
    bytes.append(u32: generation)
    return bytes + ephemeral + ciphertext + box
  }

  init(reading reader: inout ByteReader) throws(ByteError) {
    guard let suite = KeyAgreementSuite(rawValue: try reader.u8()) else { throw .truncated }
    self.suite = suite
    generation = try reader.u32()
    ephemeral = suite.isHybrid ? try reader.array(AgreementPublicKeys.x25519Length) : []
    ciphertext = try reader.array(Self.ciphertextLength)
    box = try reader.array(48)
  }

  /// Encapsulates `key` to a member's current keys.
  init(
    _ key: SymmetricKey, suite: KeyAgreementSuite, to recipient: AgreementPublicKeys,
    suites: (sender: [UInt8], recipient: [UInt8]), binding: Binding
  ) throws {
    let result = try MLKEM1024.PublicKey(rawRepresentation: recipient.mlkem).encapsulate()
    var shared: SharedSecret?
    var ephemeral = [UInt8]()
    if suite.isHybrid {
      let own = Curve25519.KeyAgreement.PrivateKey()
      shared = try x25519(own, with: recipient.x25519)
      ephemeral = [UInt8](own.publicKey.rawRepresentation)
    }
    self.suite = suite
    generation = recipient.generation
    self.ephemeral = ephemeral
    ciphertext = [UInt8](result.encapsulated)
    let wrapping = KeyCombiner.combine(
      x25519: shared, mlkem: result.sharedSecret,
      transcript: KeyCombiner.Transcript(
        suite: suite, recipient: recipient, ephemeral: ephemeral, ciphertext: ciphertext,
        senderSuites: suites.sender, recipientSuites: suites.recipient))
    box = try key.wrapped(under: wrapping, aad: binding.bytes(suite: suite, generation: generation))
  }

  /// The group call key. Throws for a wrong recipient, changed bytes or another binding.
  func open(
    with keys: AgreementPrivateKeys, suites: (sender: [UInt8], recipient: [UInt8]),
    binding: Binding
  ) throws -> SymmetricKey {
    let mlkem = try keys.mlkem.decapsulate(ciphertext)
    let shared = suite.isHybrid ? try x25519(keys.x25519, with: ephemeral) : nil
    let wrapping = KeyCombiner.combine(
      x25519: shared, mlkem: mlkem,
      transcript: KeyCombiner.Transcript(
        suite: suite, recipient: keys.publicKeys, ephemeral: ephemeral, ciphertext: ciphertext,
        senderSuites: suites.sender, recipientSuites: suites.recipient))
    return try SymmetricKey(
      unwrapping: box, under: wrapping, aad: binding.bytes(suite: suite, generation: generation))
  }
}
