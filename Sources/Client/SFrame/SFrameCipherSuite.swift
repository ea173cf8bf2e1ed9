/// The cipher suites of RFC 9605 section 4.5, with their parameters from table 2.
package enum SFrameCipherSuite: UInt16, CaseIterable, Sendable, Hashable {
  case aes128CTRHMACSHA256_80 = 1
  case aes128CTRHMACSHA256_64 = 2
  case aes128CTRHMACSHA256_32 = 3
  case aes128GCMSHA256_128 = 4
  case aes256GCMSHA512_128 = 5

  /// The suite's name in the IANA registry.
  package var name: String {
    switch self {
    case .aes128CTRHMACSHA256_80: "AES_128_CTR_HMAC_SHA256_80"
    case .aes128CTRHMACSHA256_64: "AES_128_CTR_HMAC_SHA256_64"
    case .aes128CTRHMACSHA256_32: "AES_128_CTR_HMAC_SHA256_32"
    case .aes128GCMSHA256_128: "AES_128_GCM_SHA256_128"
    case .aes256GCMSHA512_128: "AES_256_GCM_SHA512_128"
    }
  }

  /// Nk: bytes of key material; for suites 1 to 3 the cipher key and the authentication key together.
  package var keyLength: Int {
    switch self {
    case .aes128CTRHMACSHA256_80, .aes128CTRHMACSHA256_64, .aes128CTRHMACSHA256_32: 48
    case .aes128GCMSHA256_128: 16
    case .aes256GCMSHA512_128: 32
    }
  }

  /// Nt: bytes of authentication tag at the end of a sealed frame.
  package var tagLength: Int {
    switch self {
    case .aes128CTRHMACSHA256_80: 10
    case .aes128CTRHMACSHA256_64: 8
    case .aes128CTRHMACSHA256_32: 4
    case .aes128GCMSHA256_128, .aes256GCMSHA512_128: 16
    }
  }

  /// Nn: bytes of nonce, the same for all suites.
  package static let nonceLength = 12

  var usesCounterMode: Bool { rawValue <= 3 }
}
