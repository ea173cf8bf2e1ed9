/// What carries a session out.
package enum SRTPImplementation: Sendable, CaseIterable {
  /// The fastest AES-GCM of this machine for the AEAD profiles, libsrtp2 for the others.
  case standard
  /// OpenSSL's AES-GCM for the AEAD profiles: what `standard` is where Intel's Multi-Buffer library is missing.
  case openSSL
  /// libsrtp2 for every profile: the reference that tests and benchmarks compare with.
  case libsrtp

  /// Whether `standard` uses Intel's Multi-Buffer library here.
  package static var hasMultiBuffer: Bool { AEADContext.hasMultiBuffer }
}
