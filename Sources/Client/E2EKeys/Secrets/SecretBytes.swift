import Crypto
import FoundationEssentials
package import WireBytes

/// Secret bytes in memory of their own, which is overwritten before it is given back.
///
/// An array would not do: growing or sharing copies it, and its memory is released as it is.
@safe package final class SecretBytes: @unchecked Sendable {
  // Written in `init` only, so that sharing between threads is safe.
  private let memory: UnsafeMutableRawBufferPointer

  package var count: Int { unsafe memory.count }

  /// Takes the bytes over; `bytes` is overwritten with zeros.
  package init(taking bytes: inout [UInt8]) {
    unsafe memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    unsafe memory.copyBytes(from: bytes)
    unsafe bytes.withUnsafeMutableBytes { unsafe overwrite($0) }
  }

  /// Fresh random bytes; the array that the source returned is overwritten.
  package convenience init(random: RandomSource, count: Int) {
    var bytes = random.bytes(count)
    self.init(taking: &bytes)
  }

  deinit {
    unsafe overwrite(memory)
    unsafe memory.deallocate()
  }

  /// A key with the same bytes, which wipes itself too.
  var symmetricKey: SymmetricKey { unsafe SymmetricKey(data: UnsafeRawBufferPointer(memory)) }

  /// A plain copy, for the few places where the secret is shown to its owner (an invite link).
  package func revealed() -> [UInt8] { unsafe [UInt8](memory) }
}

/// Overwrites memory in a way that the optimiser may not drop although nobody needs the zeros.
@inline(never)
func overwrite(_ memory: UnsafeMutableRawBufferPointer) {
  unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
  unsafe read(memory)
}

/// A reader that the optimiser does not look into: what it may read must have been written.
@inline(never) @_optimize(none)
private func read(_ memory: UnsafeMutableRawBufferPointer) {
  guard memory.count > 0 else { return }
  _ = unsafe memory[0]
}

/// Overwrites data that held a secret. Data shared with somebody else would be copied first, so it must be the caller's own.
func wipe(_ data: inout Data) {
  unsafe data.withUnsafeMutableBytes { unsafe overwrite($0) }
}

extension SymmetricKey {
  /// Hands the key's bytes to a hash function without copying them.
  func feed<H: HashFunction>(_ hash: inout H) {
    unsafe withUnsafeBytes { bytes in unsafe hash.update(bufferPointer: bytes) }
  }

  /// A plain copy; for values derived to be public, as identifiers and confirmations.
  var publicBytes: [UInt8] { unsafe withUnsafeBytes { bytes in unsafe [UInt8](bytes) } }

  /// Seals this key's own bytes under another key.
  func wrapped(under key: SymmetricKey, aad: [UInt8]) throws -> [UInt8] {
    let nonce = try AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 12))
    let box = unsafe try withUnsafeBytes { bytes in
      unsafe try AES.GCM.seal(bytes, using: key, nonce: nonce, authenticating: aad)
    }
    return [UInt8](box.ciphertext) + [UInt8](box.tag)
  }

  /// Opens what `wrapped` made; the plaintext on the way is overwritten.
  init(unwrapping bytes: [UInt8], under key: SymmetricKey, aad: [UInt8]) throws {
    let nonce = try AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 12))
    let box = try AES.GCM.SealedBox(
      nonce: nonce, ciphertext: bytes.dropLast(16), tag: bytes.suffix(16))
    var data = try AES.GCM.open(box, using: key, authenticating: aad)
    self.init(data: data)
    wipe(&data)
  }

  /// HKDF-SHA512 with this key as salt over a Diffie-Hellman result.
  func extractAndExpand(_ secret: SharedSecret, info: [UInt8]) -> SymmetricKey {
    unsafe withUnsafeBytes { salt in
      unsafe secret.hkdfDerivedSymmetricKey(using: SHA512.self, salt: salt, sharedInfo: info, outputByteCount: 32)
    }
  }

  /// HKDF-SHA512 with an empty salt: the one key derivation of this module besides the combiner.
  func derived(_ label: String, _ context: [UInt8] = [], count: Int = 32) -> SymmetricKey {
    HKDF<SHA512>.deriveKey(inputKeyMaterial: self, info: Array(label.utf8) + context, outputByteCount: count)
  }
}

extension SharedSecret {
  /// A key with the same bytes, which wipes itself as the secret does.
  var symmetricKey: SymmetricKey { unsafe withUnsafeBytes { bytes in unsafe SymmetricKey(data: bytes) } }

  /// Whether all bytes are zero, which a public key of low order brings about (RFC 7748 section 6.1). The library
  /// leaves this check to its users.
  fileprivate var isZero: Bool {
    unsafe withUnsafeBytes { bytes in unsafe bytes.reduce(UInt8(0), |) == 0 }
  }
}

/// X25519. Throws `malformed` for a public key of low order or of another length.
func x25519(_ own: Curve25519.KeyAgreement.PrivateKey, with peer: [UInt8]) throws(E2EError) -> SharedSecret {
  guard let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: peer),
    let shared = try? own.sharedSecretFromKeyAgreement(with: key), !shared.isZero
  else { throw .malformed }
  return shared
}

func sha3(_ bytes: [UInt8]) -> [UInt8] { Array(SHA3_256.hash(data: bytes)) }
