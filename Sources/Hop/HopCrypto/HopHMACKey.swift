internal import COpenSSL

/// A key for HMAC-SHA1 (RFC 2104) that is set up once. For a single message OpenSSL looks up its algorithms by name, which
/// costs several times the work on a message of a hundred bytes.
///
/// Whoever holds copies of it uses them on one queue: that is what makes the unchecked Sendable conformance true. The key
/// is wiped on release.
@safe
package final class HopHMACKey: @unchecked Sendable {
  private let context: OpaquePointer

  /// Traps like `OpenSSLPrimitives` when libcrypto lacks the algorithm or the memory.
  package init(_ key: [UInt8]) {
    guard let made = unsafe EVP_MAC_CTX_new(HMACMethod.shared.method) else {
      preconditionFailure("libcrypto cannot authenticate")
    }
    unsafe context = made
    // An empty key must not become a null pointer, which OpenSSL reads as "the key of the call before".
    let key = key.isEmpty ? [0] : key
    var digest = Array("SHA1".utf8CString)
    let status = unsafe digest.withUnsafeMutableBufferPointer { digest in
      let parameters = unsafe [
        OSSL_PARAM_construct_utf8_string("digest", digest.baseAddress, 0), OSSL_PARAM_construct_end(),
      ]
      return unsafe key.withUnsafeBufferPointer { key in
        unsafe parameters.withUnsafeBufferPointer { parameters in
          unsafe EVP_MAC_init(made, key.baseAddress, key.count, parameters.baseAddress)
        }
      }
    }
    precondition(status == 1, "libcrypto cannot authenticate")
  }

  deinit { unsafe EVP_MAC_CTX_free(context) }

  /// The 20 bytes of the message's code.
  package func sha1(_ message: [UInt8]) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 20) { output, count in
      var written = 0
      let status = unsafe message.withUnsafeBufferPointer { message in
        unsafe EVP_MAC_init(context, nil, 0, nil) == 1
          && EVP_MAC_update(context, message.baseAddress, message.count) == 1
          && EVP_MAC_final(context, output.baseAddress, &written, output.count) == 1
      }
      precondition(status && written == 20, "libcrypto cannot authenticate")
      count = written
    }
  }
}

/// The fetched algorithm, which lives as long as the process. Immutable, and documented by OpenSSL as thread-safe.
@safe
private final class HMACMethod: @unchecked Sendable {
  static let shared = HMACMethod()

  let method: OpaquePointer

  private init() {
    guard let found = unsafe EVP_MAC_fetch(nil, "HMAC", nil) else { preconditionFailure("libcrypto lacks HMAC") }
    unsafe method = found
  }
}
