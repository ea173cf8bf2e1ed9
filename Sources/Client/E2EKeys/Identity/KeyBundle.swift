package import Crypto
import FoundationEssentials
import SFrame
package import WireBytes

/// A member's key bundle, fresh for each call. The relay passes it on and cannot make one.
///
/// ```
/// version (1) = 1
/// room pseudonym (16)
/// member nonce (32)
/// count (1) and key agreement suites (1 each), strongest first
/// SFrame suite of the member's frames (2)
/// X25519 key of the pairwise channels (32)
/// agreement keys of generation 0, one for each offered suite: see `AgreementPublicKeys`
/// ML-DSA-65 identity key (1952)
/// ML-DSA-65 signature (3309)                          over all of the above, context "SEALEDSFU-BUNDLE-V1"
/// MAC (32)                                            HMAC-SHA256 over all of the above, by the admission key
/// ```
package struct KeyBundle: Sendable {
  static let version: UInt8 = 1
  package static let signatureContext = "SEALEDSFU-BUNDLE-V1"
  static let nonceLength = 32
  static let maximumSuites = 8

  /// The suites known here, and all of them as offered.
  let suites: [KeyAgreementSuite]
  let offeredBytes: [UInt8]
  let sframeSuite: SFrameCipherSuite
  let channelKey: [UInt8]
  let agreement: AgreementPublicKeys
  let identity: [UInt8]

  /// What a member puts into its bundle.
  struct Contents {
    var room: RoomID
    var nonce: [UInt8]
    var offered: [UInt8]
    var sframeSuite: SFrameCipherSuite
    var channelKey: [UInt8]
    var agreement: AgreementPublicKeys

    /// The bytes of the bundle, signed and MACed. Throws `internalFailure`.
    func sealed(by identity: MemberIdentity, admissionKey: SymmetricKey) throws(E2EError) -> [UInt8] {
      var bytes = [version] + room.bytes + nonce + KeyCombiner.suiteList(offered)
      bytes.append(u16: sframeSuite.rawValue)
      bytes += channelKey + agreement.bytes + identity.publicKey
      bytes += try identity.signature(of: bytes, context: signatureContext)
      return bytes + HMAC<SHA256>.authenticationCode(for: bytes, using: admissionKey)
    }
  }

  /// Reads and verifies a bundle. The MAC is checked first: it is cheap, and without the invite nothing else matters.
  package init(verifying bytes: [UInt8], room: RoomID, admissionKey: SymmetricKey) throws(MemberRejection) {
    guard bytes.count > 32 + MemberIdentity.signatureLength, bytes[0] == Self.version else { throw .malformed }
    let signed = bytes.count - 32 - MemberIdentity.signatureLength
    guard
      HMAC<SHA256>.isValidAuthenticationCode(
        bytes.suffix(32), authenticating: bytes.dropLast(32), using: admissionKey)
    else { throw .badMAC }
    let fields: Fields
    do throws(ByteError) { fields = try Fields(reading: bytes.span.extracting(first: signed)) } catch {
      throw .malformed
    }
    guard fields.room == room.bytes else { throw .wrongRoom }
    guard let sframeSuite = SFrameCipherSuite(rawValue: fields.sframeSuite) else { throw .frameSuite }
    self.sframeSuite = sframeSuite
    // Suites of later versions are skipped; the list as a whole is bound into every key made for the member.
    offeredBytes = fields.suites
    suites = fields.suites.compactMap { KeyAgreementSuite(rawValue: $0) }
    channelKey = fields.channelKey
    agreement = fields.agreement
    identity = fields.identity
    let signature = Array(bytes[signed..<(bytes.count - 32)])
    guard
      isValidSignature(
        signature, of: Array(bytes[..<signed]), context: Self.signatureContext, by: identity)
    else { throw .badSignature }
  }

  private struct Fields {
    let room: [UInt8]
    let suites: [UInt8]
    let sframeSuite: UInt16
    let channelKey: [UInt8]
    let agreement: AgreementPublicKeys
    let identity: [UInt8]

    init(reading signed: Span<UInt8>) throws(ByteError) {
      var reader = ByteReader(signed)
      try reader.skip(1)
      room = try reader.array(RoomID.byteCount)
      try reader.skip(KeyBundle.nonceLength)
      let count = Int(try reader.u8())
      guard (1...KeyBundle.maximumSuites).contains(count) else { throw .truncated }
      suites = try reader.array(count)
      sframeSuite = try reader.u16()
      channelKey = try reader.array(AgreementPublicKeys.x25519Length)
      let keys = try AgreementPublicKeys(generation: 0, reading: &reader)
      agreement = keys
      // A suite that is offered without its key could not be used.
      let kems = suites.compactMap { KeyAgreementSuite(rawValue: $0)?.kem }
      guard kems.allSatisfy({ keys.kems[$0] != nil }), Set(suites).count == suites.count else { throw .truncated }
      identity = try reader.array(MemberIdentity.publicKeyLength)
      guard reader.isAtEnd else { throw .truncated }
    }
  }
}
