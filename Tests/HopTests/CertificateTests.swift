import HopCrypto
import Testing
import WireBytes

struct CertificateTests {
  /// The DER form inside a PEM text.
  private static func der(_ pem: String, label: String) -> [UInt8]? {
    var lines = pem.split(separator: "\n").map(String.init)
    guard lines.count > 2, lines.removeFirst() == "-----BEGIN \(label)-----",
      lines.removeLast() == "-----END \(label)-----"
    else { return nil }
    // The house decodes base64url only; PEM has the standard alphabet, with padding.
    let text = lines.joined().filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
    return Base64URL.decode(String(text))
  }

  @Test func `the fingerprint of a self-signed certificate is the hash of its DER form`() throws {
    let made = try HopCertificate.selfSignedPEM(commonName: "localhost")
    let der = try #require(Self.der(made.certificatePEM, label: "CERTIFICATE"))
    #expect(HopDigest.sha256(der) == made.sha256Fingerprint)
    let key = try #require(Self.der(made.privateKeyPEM, label: "PRIVATE KEY"))
    #expect(key.count > 100)
  }

  @Test func `a TLS certificate names this machine`() throws {
    let made = try HopCertificate.selfSignedPEM(commonName: "localhost")
    let der = try #require(Self.der(made.certificatePEM, label: "CERTIFICATE"))
    func holds(_ part: [UInt8]) -> Bool {
      (0...(der.count - part.count)).contains { Array(der[$0..<($0 + part.count)]) == part }
    }
    // GeneralName (RFC 5280 section 4.2.1.6): [2] is a DNS name, [7] an address.
    #expect(holds([0x82, 9] + Array("localhost".utf8)))
    #expect(holds([0x87, 4, 127, 0, 0, 1]))
    #expect(holds([0x87, 16] + [UInt8](repeating: 0, count: 15) + [1]))
  }

  @Test func `every certificate has a key of its own`() throws {
    let a = try HopCertificate(commonName: "a")
    let b = try HopCertificate(commonName: "a")
    #expect(a.sha256Fingerprint != b.sha256Fingerprint)
    #expect(try a.privateKeyPEM() != b.privateKeyPEM())
  }

  @Test(arguments: ["", String(repeating: "x", count: 65), "a\0b"])
  func `a name that no certificate can hold is refused`(_ name: String) {
    #expect(throws: HopCertificateError.badName) { try HopCertificate(commonName: name) }
  }
}
