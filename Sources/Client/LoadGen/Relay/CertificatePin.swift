import HopCrypto
import NIOSSL

/// The fingerprint by which a relay's self-signed certificate is recognised.
package enum CertificatePin {
  /// SHA-256 of the certificate's DER form.
  static func sha256(of certificate: NIOSSLCertificate) throws -> [UInt8] {
    HopDigest.sha256(try certificate.toDERBytes())
  }

  /// From hex, with or without colons; nil unless it is 32 bytes.
  package static func parse(_ text: String) -> [UInt8]? {
    let digits = text.filter { $0 != ":" }
    guard digits.utf8.count == 64, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
    let values = digits.compactMap(\.hexDigitValue)
    return stride(from: 0, to: 64, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
  }
}
