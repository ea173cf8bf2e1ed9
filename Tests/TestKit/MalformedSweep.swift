/// Hostile variants of a valid input. A parser passes when it survives all of them: it may throw, it must not trap.
package enum MalformedSweep {
  /// Every proper prefix, the empty one included.
  package static func truncations(of bytes: [UInt8]) -> [[UInt8]] {
    (0..<bytes.count).map { Array(bytes.prefix($0)) }
  }

  /// `count` variants with one to four bytes changed, cut or doubled, from a seed.
  package static func mutations(of bytes: [UInt8], count: Int, seed: UInt64) -> [[UInt8]] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in
      var variant = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) where !variant.isEmpty {
        let index = Int.random(in: 0..<variant.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: variant[index] = UInt8.random(in: .min ... .max, using: &random)
        case 1: variant[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: variant.remove(at: index)
        default: variant.insert(variant[index], at: index)
        }
      }
      return variant
    }
  }
}
