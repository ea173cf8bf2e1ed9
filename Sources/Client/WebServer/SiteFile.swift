import Crypto
package import NIOCore

/// One file as it is served.
package struct SiteFile: Sendable {
  /// From the root, parts parted by `/`, without one in front.
  package let path: String
  package let type: ContentType
  package let content: ByteBuffer
  /// SHA-256, 64 hex digits.
  package let digest: String

  package init(path: String, type: ContentType, bytes: [UInt8]) {
    self.path = path
    self.type = type
    content = ByteBuffer(bytes: bytes)
    digest = Self.digest(bytes)
  }

  /// A strong validator (RFC 9110 section 8.8.3).
  package var entityTag: String { "\"\(digest)\"" }

  package static func digest(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return SHA256.hash(data: Array(bytes)).reduce(into: "") { text, byte in
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
  }
}
