/// Where random bytes come from. Injected, so that an engine under test repeats exactly.
package struct RandomSource: Sendable {
  private let fill: @Sendable (Int) -> [UInt8]

  /// `fill` returns exactly the number of bytes it is asked for.
  package init(_ fill: @escaping @Sendable (Int) -> [UInt8]) { self.fill = fill }

  package func bytes(_ count: Int) -> [UInt8] { fill(count) }

  package func u16() -> UInt16 { bytes(2).span.u16(at: 0) }
  package func u32() -> UInt32 { bytes(4).span.u32(at: 0) }
  package func u64() -> UInt64 { bytes(8).span.u64(at: 0) }

  /// The operating system's generator, which is cryptographically secure.
  package static let system = RandomSource { count in
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
