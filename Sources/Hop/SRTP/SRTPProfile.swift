/// The SRTP protection profiles offered, by their DTLS-SRTP identifier (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
package enum SRTPProfile: UInt16, CaseIterable, Sendable {
  case aes128CMHMACSHA1_80 = 1
  case aeadAES128GCM = 7
  case aeadAES256GCM = 8

  /// Strongest first; GCM also costs a quarter of AES-CM with HMAC-SHA-1.
  package static let preferred: [SRTPProfile] = [.aeadAES256GCM, .aeadAES128GCM, .aes128CMHMACSHA1_80]

  package var isAEAD: Bool { self != .aes128CMHMACSHA1_80 }

  /// Length of the master key in bytes.
  package var keyLength: Int { self == .aeadAES256GCM ? 32 : 16 }
  /// Length of the master salt in bytes.
  package var saltLength: Int { self == .aes128CMHMACSHA1_80 ? 14 : 12 }
  /// Length in bytes of the tag behind an SRTP or SRTCP packet; SRTCP adds four for its index.
  package var authTagLength: Int { self == .aes128CMHMACSHA1_80 ? 10 : 16 }

  /// Keying material of both directions (RFC 5764 section 4.2), in bytes.
  package var keyingMaterialLength: Int { 2 * (keyLength + saltLength) }

  /// The name in the IANA registry, for metrics.
  package var name: String {
    switch self {
    case .aes128CMHMACSHA1_80: "AES128_CM_HMAC_SHA1_80"
    case .aeadAES128GCM: "AEAD_AES_128_GCM"
    case .aeadAES256GCM: "AEAD_AES_256_GCM"
    }
  }
}
