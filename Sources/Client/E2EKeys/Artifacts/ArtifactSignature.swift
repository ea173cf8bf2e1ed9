import WireBytes

/// A detached signature of an artifact of a call (a recording's manifest, a transcript, a summary): ML-DSA-65 over what
/// the artifact is said to be, its length and its SHA3-256.
///
/// It proves that the holder of the signer's key vouched for these bytes under this name. It proves nothing to somebody
/// who does not know whose key that is, nor when it was made.
///
/// The signed message, under the ML-DSA context `SEALEDSFU-ARTIFACT-V1` (FIPS 204 section 5.2), so that no signature of
/// the call's protocol passes as one of an artifact:
/// ```
/// version: u8 = 1 | kind length: u8 | kind: ASCII | artifact length: u64 | SHA3-256: 32 bytes
/// ```
package struct ArtifactSignature: Equatable, Sendable {
  static let version: UInt8 = 1
  static let context = "SEALEDSFU-ARTIFACT-V1"
  package static let defaultKind = "artifact"
  /// Characters.
  package static let maximumKind = 64

  /// What the artifact is, in the signer's words: 1 to 64 printable ASCII characters.
  package let kind: String
  package let digest: ArtifactDigest
  /// The ML-DSA-65 public key, 1952 bytes.
  package let signer: [UInt8]
  /// 3309 bytes.
  package let signature: [UInt8]

  /// Signs. Throws `badKind` and `internalFailure`.
  package init(
    of digest: ArtifactDigest, kind: String = Self.defaultKind, by identity: MemberIdentity
  ) throws(ArtifactError) {
    guard Self.isKind(kind) else { throw .badKind }
    self.kind = kind
    self.digest = digest
    signer = identity.publicKey
    do {
      signature = try identity.signature(of: Self.message(digest, kind), context: Self.context)
    } catch {
      throw .internalFailure
    }
  }

  /// What a signature's file says; nothing of it is proven.
  init(kind: String, digest: ArtifactDigest, signer: [UInt8], signature: [UInt8]) {
    self.kind = kind
    self.digest = digest
    self.signer = signer
    self.signature = signature
  }

  /// Returns only if `expectedSigner` signed exactly this artifact, as `expectedKind` if that is given.
  ///
  /// The signature is checked before the artifact is compared with what it covers, so that the reason given is the
  /// signer's word and not that of whoever changed the file.
  package func verify(
    _ artifact: ArtifactDigest, signer expectedSigner: [UInt8], kind expectedKind: String? = nil
  ) throws(ArtifactError) {
    guard signer == expectedSigner else { throw .otherSigner }
    let message = Self.message(digest, kind)
    guard isValidSignature(signature, of: message, context: Self.context, by: expectedSigner) else {
      throw .badSignature
    }
    if let expectedKind, expectedKind != kind { throw .otherKind(signed: kind, expected: expectedKind) }
    guard digest.length == artifact.length else {
      throw .otherLength(signed: digest.length, found: artifact.length)
    }
    guard digest.sha3 == artifact.sha3 else { throw .otherContent }
  }

  package static func isKind(_ text: String) -> Bool {
    (1...maximumKind).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
  }

  private static func message(_ digest: ArtifactDigest, _ kind: String) -> [UInt8] {
    let name = Array(kind.utf8)
    var message = [version, UInt8(truncatingIfNeeded: name.count)] + name
    message.append(u64: digest.length)
    return message + digest.sha3
  }
}
