internal import COpenSSL
internal import COpenSSLShims
internal import HopCrypto

/// A fresh key and certificate, and OpenSSL's context with both. Any number of sessions, on any queue, share one.
@safe
package final class DTLSIdentity: @unchecked Sendable {
  /// SHA-256 of the certificate, 32 bytes: what `a=fingerprint` says (RFC 8122 section 5).
  package let fingerprint: [UInt8]
  /// An `SSL_CTX *`, not changed after `init`; OpenSSL counts its references atomically.
  let context: OpaquePointer

  package init() throws(DTLSError) {
    do throws(HopCertificateError) {
      // The name that WebRTC endpoints commonly use: a name of its own would tell what software this is.
      let certificate = try HopCertificate(commonName: "WebRTC")
      let made = unsafe certificate.withHandles { unsafe hop_dtls_context_new($0, $1) }
      guard let made = unsafe made else { throw .libraryFailure }
      unsafe context = made
      fingerprint = certificate.sha256Fingerprint
    } catch {
      throw .libraryFailure
    }
  }

  deinit { unsafe SSL_CTX_free(context) }
}
