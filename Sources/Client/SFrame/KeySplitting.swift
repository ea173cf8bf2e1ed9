import Crypto
import FoundationEssentials

/// The first `count` bytes of a key and the rest, as keys of their own. Both wipe themselves when released; no copy is
/// left in between.
func splitKey(_ key: SymmetricKey, at count: Int) -> (SymmetricKey, SymmetricKey) {
  unsafe key.withUnsafeBytes { bytes in
    (
      unsafe SymmetricKey(data: UnsafeRawBufferPointer(rebasing: bytes[..<count])),
      unsafe SymmetricKey(data: UnsafeRawBufferPointer(rebasing: bytes[count...]))
    )
  }
}

/// A copy of a key's bytes; for salts, which are not secret once nonces are known.
func keyBytes(_ key: SymmetricKey) -> [UInt8] {
  unsafe key.withUnsafeBytes { bytes in unsafe [UInt8](bytes) }
}
