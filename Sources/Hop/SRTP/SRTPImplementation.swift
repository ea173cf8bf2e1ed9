/// What carries a session out.
package enum SRTPImplementation: Sendable {
  /// OpenSSL's EVP interface for the AEAD profiles, libsrtp2 for the others.
  case standard
  /// libsrtp2 for every profile: the reference that tests and benchmarks compare with.
  case libsrtp
}
