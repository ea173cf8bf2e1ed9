internal import COpenSSL

/// The calls into libcrypto, with checked lengths on their Swift side.
///
/// A primitive that fails here means that the library lacks the algorithm or the memory for it: there is no safe way
/// on, so that these trap. No input from the network can make them fail.
enum OpenSSLPrimitives {
  enum Hash {
    case sha1, sha256, sha3_256

    var byteCount: Int { self == .sha1 ? 20 : 32 }

    /// Looked up by name once per process: OpenSSL 3 otherwise repeats the search on every call.
    fileprivate var method: OpaquePointer {
      switch self {
      case .sha1: unsafe OpenSSLMethods.shared.sha1
      case .sha256: unsafe OpenSSLMethods.shared.sha256
      case .sha3_256: unsafe OpenSSLMethods.shared.sha3_256
      }
    }
  }

  static func digest(_ bytes: [UInt8], _ hash: Hash) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: hash.byteCount) { output, count in
      var written: UInt32 = 0
      let status = unsafe bytes.withUnsafeBytes { input in
        unsafe EVP_Digest(input.baseAddress, input.count, output.baseAddress, &written, hash.method, nil)
      }
      precondition(status == 1 && Int(written) == hash.byteCount, "libcrypto cannot hash")
      count = hash.byteCount
    }
  }

  static func hmac(key: [UInt8], message: [UInt8], _ hash: Hash) -> [UInt8] {
    // An empty key must not become a null pointer, which OpenSSL reads as "the key of the call before".
    let key = key.isEmpty ? [0] : key
    return unsafe [UInt8](unsafeUninitializedCapacity: hash.byteCount) { output, count in
      var written: UInt32 = 0
      let result = unsafe key.withUnsafeBytes { key in
        unsafe message.withUnsafeBufferPointer { message in
          unsafe HMAC(
            hash.method, key.baseAddress, CInt(key.count), message.baseAddress, message.count, output.baseAddress,
            &written)
        }
      }
      let succeeded = unsafe result != nil
      precondition(succeeded && Int(written) == hash.byteCount, "libcrypto cannot authenticate")
      count = hash.byteCount
    }
  }

  static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    guard !a.isEmpty else { return true }
    return unsafe a.withUnsafeBytes { a in
      unsafe b.withUnsafeBytes { b in unsafe CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0 }
    }
  }

  static func random(_ count: Int) -> [UInt8] {
    guard count > 0 else { return [] }
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { output, filled in
      let status = unsafe RAND_bytes(output.baseAddress, CInt(count))
      precondition(status == 1, "libcrypto has no randomness")
      filled = count
    }
  }
}

/// Fetched algorithms, which live as long as the process. Immutable, and documented by OpenSSL as thread-safe.
@safe
private final class OpenSSLMethods: @unchecked Sendable {
  static let shared = OpenSSLMethods()

  let sha1: OpaquePointer
  let sha256: OpaquePointer
  let sha3_256: OpaquePointer

  private init() {
    func fetch(_ name: String) -> OpaquePointer {
      guard let method = unsafe EVP_MD_fetch(nil, name, nil) else { preconditionFailure("libcrypto lacks \(name)") }
      return unsafe method
    }
    unsafe sha1 = fetch("SHA1")
    unsafe sha256 = fetch("SHA2-256")
    unsafe sha3_256 = fetch("SHA3-256")
  }
}
