import Crypto
import FoundationEssentials
import WireBytes

/// Bytes of any length for one member: credentials of a relay or a TURN server, an invite that is handed over.
///
/// ```
/// version (1) = 1 | encapsulation (see `Encapsulation`) | AES-256-GCM of the credential (n + 16)
/// ```
/// The AEAD key is used once, so its nonce is zero. The additional data is `"SEALEDSFU-CREDENTIAL-V1" | room (16) |
/// sender's bundle hash (32) | recipient's bundle hash (32) | length (1) and purpose | version | encapsulation`: a changed
/// byte anywhere, another recipient or another purpose opens nothing. Who sent it is not proven by this form; inside a
/// pairwise channel it is.
struct WrappedCredential {
  static let version: UInt8 = 1
  static let maximumPurpose = 64

  struct Binding {
    var room: RoomID
    var sender: [UInt8]
    var recipient: [UInt8]
    /// What it is for, up to 64 bytes of UTF-8.
    var purpose: String

    fileprivate func bytes(_ encapsulation: Encapsulation) -> [UInt8] {
      let purpose = Array(purpose.utf8)
      return Array("SEALEDSFU-CREDENTIAL-V1".utf8) + room.bytes + sender + recipient
        + [UInt8(truncatingIfNeeded: purpose.count)] + purpose + [version] + encapsulation.bytes
    }
  }

  /// Throws `malformed` for a purpose that is too long or keys that cannot be used.
  static func wrap(
    _ credential: [UInt8], suite: KeyAgreementSuite, to recipient: AgreementPublicKeys, offers: Encapsulation.Offers,
    binding: Binding
  ) throws(E2EError) -> [UInt8] {
    guard binding.purpose.utf8.count <= maximumPurpose else { throw .malformed }
    do {
      let (encapsulation, secret) = try Encapsulation.make(suite: suite, to: recipient, offers: offers)
      let box = try AES.GCM.seal(
        credential, using: secret, nonce: AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 12)),
        authenticating: binding.bytes(encapsulation))
      return [version] + encapsulation.bytes + [UInt8](box.ciphertext) + [UInt8](box.tag)
    } catch {
      throw .malformed
    }
  }

  /// Throws `malformed` for other bytes than `wrap` makes, else `authenticationFailed`.
  static func unwrap(
    _ bytes: [UInt8], with keys: AgreementPrivateKeys, minimumSuite: KeyAgreementSuite, offers: Encapsulation.Offers,
    binding: Binding
  ) throws(E2EError) -> [UInt8] {
    var reader = ByteReader(bytes.span)
    guard (try? reader.u8()) == version, let encapsulation = try? Encapsulation(reading: &reader),
      bytes.count >= reader.position + 16, encapsulation.suite >= minimumSuite
    else { throw .malformed }
    do {
      let box = try AES.GCM.SealedBox(
        nonce: AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 12)),
        ciphertext: bytes[reader.position..<(bytes.count - 16)], tag: bytes.suffix(16))
      return [UInt8](
        try AES.GCM.open(
          box, using: encapsulation.secret(with: keys, offers: offers), authenticating: binding.bytes(encapsulation)))
    } catch {
      throw .authenticationFailed
    }
  }
}
