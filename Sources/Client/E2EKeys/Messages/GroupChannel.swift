import Crypto
import FoundationEssentials
import WireBytes

/// Seals what goes to all members at once: the signed part of a commit.
///
/// ```
/// version (1) = 2 | sequence number (8) | AES-256-GCM of the commit's header and signature (n + 16)
/// ```
/// Each member's key is HKDF-SHA512 of the invite's pairwise secret with `"group" | its bundle hash`: every holder of the
/// invite can read and could write. So it only hides the commit from the relay; what makes a commit authentic is its
/// signature. The nonce is four zero bytes and the sequence number.
enum GroupChannel {
  static let version: UInt8 = 2
  private static let headerLength = 9

  static func key(of bundleHash: [UInt8], secret: SymmetricKey) -> SymmetricKey { secret.derived("group", bundleHash) }

  static func seal(_ message: [UInt8], sequence: UInt64, key: SymmetricKey) throws(E2EError) -> [UInt8] {
    var output = [version]
    output.append(u64: sequence)
    do {
      let box = try AES.GCM.seal(message, using: key, nonce: nonce(sequence), authenticating: output)
      return output + [UInt8](box.ciphertext) + [UInt8](box.tag)
    } catch {
      throw .internalFailure
    }
  }

  /// Throws `malformed` or `authenticationFailed`.
  static func open(_ sealed: [UInt8], key: SymmetricKey) throws(E2EError) -> [UInt8] {
    guard sealed.count > headerLength + 16, sealed[0] == version else { throw .malformed }
    do {
      let box = try AES.GCM.SealedBox(
        nonce: nonce(sealed.span.u64(at: 1)), ciphertext: sealed[headerLength..<(sealed.count - 16)],
        tag: sealed.suffix(16))
      return [UInt8](try AES.GCM.open(box, using: key, authenticating: sealed[..<headerLength]))
    } catch {
      throw .authenticationFailed
    }
  }

  private static func nonce(_ sequence: UInt64) throws -> AES.GCM.Nonce {
    var nonce: [UInt8] = [0, 0, 0, 0]
    nonce.append(u64: sequence)
    return try AES.GCM.Nonce(data: nonce)
  }
}
