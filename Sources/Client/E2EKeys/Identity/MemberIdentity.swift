import Crypto
import FoundationEssentials
import WireBytes

/// The long-term identity of a device: an ML-DSA-65 key pair (FIPS 204).
package final class MemberIdentity: Sendable {
  package static let publicKeyLength = 1952
  package static let signatureLength = 3309

  private let key: MLDSA65.PrivateKey
  package let publicKey: [UInt8]

  /// A new identity.
  package init() throws(E2EError) {
    do { key = try MLDSA65.PrivateKey() } catch { throw .internalFailure }
    publicKey = [UInt8](key.publicKey.rawRepresentation)
  }

  /// From `rawRepresentation`. Throws `malformed`.
  package init(rawRepresentation: [UInt8]) throws(E2EError) {
    do {
      key = try MLDSA65.PrivateKey(seedRepresentation: rawRepresentation, publicKey: nil)
    } catch {
      throw .malformed
    }
    publicKey = [UInt8](key.publicKey.rawRepresentation)
  }

  /// The 32-byte seed: secret, to be stored where the device keeps its keys.
  package var rawRepresentation: [UInt8] { [UInt8](key.seedRepresentation) }

  /// Signs a message under a context that says what it is (FIPS 204 section 5.2).
  package func signature(of message: [UInt8], context: String) throws(E2EError) -> [UInt8] {
    do { return [UInt8](try key.signature(for: message, context: Array(context.utf8))) } catch {
      throw .internalFailure
    }
  }

  /// SHA3-256 of the public key.
  package var fingerprint: [UInt8] { sha3(publicKey) }
}

/// Verifies an ML-DSA-65 signature; false for anything malformed.
package func isValidSignature(_ signature: [UInt8], of message: [UInt8], context: String, by publicKey: [UInt8]) -> Bool
{
  guard let key = try? MLDSA65.PublicKey(rawRepresentation: publicKey) else { return false }
  return key.isValidSignature(signature, for: message, context: Array(context.utf8))
}
