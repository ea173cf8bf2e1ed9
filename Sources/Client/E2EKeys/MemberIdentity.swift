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

  func signature(of message: [UInt8], context: String) throws(E2EError) -> [UInt8] {
    do { return [UInt8](try key.signature(for: message, context: Array(context.utf8))) } catch {
      throw .internalFailure
    }
  }

  /// Sixty digits in groups of five that both sides of a pair see alike, to be read out.
  package func safetyNumber(with otherPublicKey: [UInt8]) -> String {
    Self.safetyNumber(publicKey, otherPublicKey)
  }

  static func safetyNumber(_ a: [UInt8], _ b: [UInt8]) -> String {
    let (first, second) = a.lexicographicallyPrecedes(b) ? (a, b) : (b, a)
    let message = Array("SEALEDSFU-SAFETY-V1".utf8) + first + second
    let digest = Array(SHA512.hash(data: message))
    return (0..<12).map { group in
      // Five bytes modulo 100,000: the bias is below one in ten million.
      let value = digest[(group * 5)..<(group * 5 + 5)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 100_000
      let digits = String(value)
      return String(repeating: "0", count: 5 - digits.count) + digits
    }.joined(separator: " ")
  }
}

/// Verifies an ML-DSA-65 signature; false for anything malformed.
func isValidSignature(_ signature: [UInt8], of message: [UInt8], context: String, by publicKey: [UInt8]) -> Bool {
  guard let key = try? MLDSA65.PublicKey(rawRepresentation: publicKey) else { return false }
  return key.isValidSignature(signature, for: message, context: Array(context.utf8))
}
