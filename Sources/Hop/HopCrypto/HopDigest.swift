/// Hashes of control data; packets are never hashed with these.
package enum HopDigest {
  /// SHA-256 (FIPS 180-4): certificate fingerprints. 32 bytes.
  package static func sha256(_ bytes: [UInt8]) -> [UInt8] { OpenSSLPrimitives.digest(bytes, .sha256) }

  /// SHA3-256 (FIPS 202): the membership log. 32 bytes.
  package static func sha3_256(_ bytes: [UInt8]) -> [UInt8] { OpenSSLPrimitives.digest(bytes, .sha3_256) }
}
