package import WireBytes

extension RandomSource {
  /// OpenSSL's generator, seeded by the operating system.
  package static let openSSL = RandomSource { OpenSSLPrimitives.random($0) }
}
