/// Message authentication codes (RFC 2104) of control data.
package enum HopHMAC {
  /// HMAC-SHA-1, which STUN's MESSAGE-INTEGRITY is made of (RFC 8489 section 14.5). 20 bytes.
  package static func sha1(key: [UInt8], message: [UInt8]) -> [UInt8] {
    OpenSSLPrimitives.hmac(key: key, message: message, .sha1)
  }

  /// HMAC-SHA-256: join tokens. 32 bytes.
  package static func sha256(key: [UInt8], message: [UInt8]) -> [UInt8] {
    OpenSSLPrimitives.hmac(key: key, message: message, .sha256)
  }
}

/// Whether both hold the same bytes. The time taken depends on the lengths only, which are not secret.
package func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { OpenSSLPrimitives.isEqual(a, b) }
