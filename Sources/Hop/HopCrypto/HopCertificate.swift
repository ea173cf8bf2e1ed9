internal import COpenSSL
internal import COpenSSLShims

/// Why a certificate could not be made.
package enum HopCertificateError: UInt8, Error, Equatable, Sendable {
  /// A name that no certificate can hold: empty, too long, or with a zero byte.
  case badName
  /// libcrypto refused; nothing that a caller could change.
  case libraryFailure
}

/// A fresh P-256 key and a self-signed certificate for it (RFC 5280 shape, ECDSA with SHA-256).
///
/// The validity period is the one place where the system's clock is used below Edge, by libcrypto; WebRTC peers know
/// each other by fingerprint and do not look at it. Immutable, so that sessions on several queues may share it.
@safe
package final class HopCertificate: @unchecked Sendable {
  /// SHA-256 of the DER form, 32 bytes.
  package let sha256Fingerprint: [UInt8]
  private let certificate: OpaquePointer
  private let privateKey: OpaquePointer

  /// `alternativeNames` in OpenSSL's form, "DNS:example,IP:127.0.0.1"; nil for a certificate without extensions, as
  /// WebRTC's are.
  package init(commonName: String, alternativeNames: String? = nil, days: Int32 = 30) throws(HopCertificateError) {
    // ub-common-name of RFC 5280 appendix A.1 is 64; OpenSSL refuses longer ones.
    guard (1...64).contains(commonName.utf8.count), !commonName.utf8.contains(0) else { throw .badName }
    var certificate: OpaquePointer?
    var privateKey: OpaquePointer?
    let made = unsafe hop_certificate_create(commonName, alternativeNames, days, &certificate, &privateKey)
    guard made == 1, let certificate = unsafe certificate, let privateKey = unsafe privateKey else {
      throw .libraryFailure
    }
    unsafe self.certificate = certificate
    unsafe self.privateKey = privateKey
    sha256Fingerprint = unsafe [UInt8](unsafeUninitializedCapacity: 32) { output, count in
      count = unsafe hop_certificate_fingerprint(certificate, output.baseAddress) == 1 ? 32 : 0
    }
    guard sha256Fingerprint.count == 32 else { throw .libraryFailure }
  }

  deinit {
    unsafe X509_free(certificate)
    unsafe EVP_PKEY_free(privateKey)
  }

  /// OpenSSL's objects (`X509 *`, `EVP_PKEY *`), valid during the call only.
  @unsafe
  package func withHandles<R>(_ body: (_ certificate: OpaquePointer, _ privateKey: OpaquePointer) -> R) -> R {
    unsafe body(certificate, privateKey)
  }

  package func certificatePEM() throws(HopCertificateError) -> String {
    try unsafe Self.text { unsafe hop_certificate_pem(certificate, $0, $1) }
  }

  /// PKCS #8, not encrypted. The caller keeps it secret.
  package func privateKeyPEM() throws(HopCertificateError) -> String {
    try unsafe Self.text { unsafe hop_private_key_pem(privateKey, $0, $1) }
  }

  private static func text(
    _ write: (UnsafeMutablePointer<CChar>, Int) -> Int
  ) throws(HopCertificateError) -> String {
    let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer -> String in
      guard let start = buffer.baseAddress else { return "" }
      let count = unsafe write(start, buffer.count)
      let text = unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
      unsafe OPENSSL_cleanse(start, buffer.count)
      return text
    }
    guard !text.isEmpty else { throw .libraryFailure }
    return text
  }

  /// A self-signed TLS server certificate for this machine: valid for `localhost`, 127.0.0.1 and ::1, for 30 days.
  ///
  /// For trying things out and for clients that pin the fingerprint; anything else needs a certificate of the operator.
  package static func selfSignedPEM(
    commonName: String
  ) throws(HopCertificateError) -> (certificatePEM: String, privateKeyPEM: String, sha256Fingerprint: [UInt8]) {
    let made = try HopCertificate(
      commonName: commonName, alternativeNames: "DNS:localhost,IP:127.0.0.1,IP:::1", days: 30)
    return (try made.certificatePEM(), try made.privateKeyPEM(), made.sha256Fingerprint)
  }
}
