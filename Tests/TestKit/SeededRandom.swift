package import WireBytes
import Synchronization

/// SplitMix64: a small generator whose sequence follows from its seed, so that a failing test repeats.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  package mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

  /// A `RandomSource` that continues from this generator's present state.
  package var source: RandomSource {
    let shared = SharedRandom(self)
    return RandomSource { shared.bytes($0) }
  }
}

private final class SharedRandom: Sendable {
  private let generator: Mutex<SeededRandom>
  init(_ generator: SeededRandom) { self.generator = Mutex(generator) }
  func bytes(_ count: Int) -> [UInt8] { generator.withLock { $0.bytes(count) } }
}
