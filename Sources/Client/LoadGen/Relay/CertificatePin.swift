import HopCrypto
import NIOSSL

/// The fingerprint by which a relay's self-signed certificate is recognised.
enum CertificatePin {
  /// SHA-256 of the certificate's DER form.
  static func sha256(of certificate: NIOSSLCertificate) throws -> [UInt8] {
    HopDigest.sha256(try certificate.toDERBytes())
  }

  /// From hex, with or without colons; nil unless it is 32 bytes.
  static func parse(_ text: String) -> [UInt8]? {
    let digits = text.filter { $0 != ":" }
    guard digits.utf8.count == 64 else { return nil }
    var bytes: [UInt8] = []
    var index = digits.startIndex
    while index < digits.endIndex {
      let next = digits.index(index, offsetBy: 2)
      guard let byte = UInt8(digits[index..<next], radix: 16) else { return nil }
      bytes.append(byte)
      index = next
    }
    return bytes
  }
}
