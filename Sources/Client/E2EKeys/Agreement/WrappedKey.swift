import Crypto
import FoundationEssentials
import WireBytes

/// A group call key encapsulated to one member.
///
/// ```
/// encapsulation (see `Encapsulation`) | AES-256-GCM of the 32-byte key (48)
/// ```
/// The AEAD key is used once, so its nonce is zero. The additional data binds what the key is for: see `Binding`.
struct WrappedKey: Equatable, Sendable {
  private static let boxLength = 48

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

  let encapsulation: Encapsulation
  let box: [UInt8]

  var suite: KeyAgreementSuite { encapsulation.suite }
  var generation: UInt32 { encapsulation.generation }
  var bytes: [UInt8] { encapsulation.bytes + box }

  init(reading reader: inout ByteReader) throws(ByteError) {
    encapsulation = try Encapsulation(reading: &reader)
    box = try reader.array(Self.boxLength)
  }

  /// Encapsulates `key` to a member's current keys.
  init(
    _ key: SymmetricKey, suite: KeyAgreementSuite, to recipient: AgreementPublicKeys, offers: Encapsulation.Offers,
    binding: Binding
  ) throws {
    let secret: SymmetricKey
    (encapsulation, secret) = try Encapsulation.make(suite: suite, to: recipient, offers: offers)
    box = try key.wrapped(under: secret, aad: binding.bytes(suite: suite, generation: recipient.generation))
  }

  /// The group call key. Throws for a wrong recipient, changed bytes or another binding.
  func open(
    with keys: AgreementPrivateKeys, offers: Encapsulation.Offers, binding: Binding
  ) throws -> SymmetricKey {
    let secret = try encapsulation.secret(with: keys, offers: offers)
    return try SymmetricKey(
      unwrapping: box, under: secret, aad: binding.bytes(suite: suite, generation: generation))
  }
}
