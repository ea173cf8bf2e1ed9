package import WireBytes

/// Which of a publication's simulcast encodings a subscriber is to get. Encodings count from the lowest quality.
package enum LayerChoice {
  /// An encoding counts as a way out when it has come for so long: at the start of a publication its encodings begin one
  /// after the other.
  private static var settled: TimeInterval { .milliseconds(250) }
  /// One that came back is trusted after this: each switch costs a key frame.
  private static var proven: TimeInterval { .milliseconds(1_000) }
  /// What browsers make of a camera unless told otherwise.
  private static let usualHeight = 720

  /// The encoding for a picture of `maxHeight` lines: the highest one that is not higher, or the lowest of all. Nil is
  /// no limit. `heights` are those heard of so far; the others are taken to halve from one to the next.
  package static func wished(maxHeight: Int?, heights: [Int?]) -> Int {
    let last = max(0, heights.count - 1)
    guard let maxHeight else { return last }
    return heights.indices.last { height(of: $0, in: heights) <= maxHeight } ?? 0
  }

  private static func height(of index: Int, in heights: [Int?]) -> Int {
    if let known = heights[index] { return known }
    if let above = heights.indices.first(where: { $0 > index && heights[$0] != nil }), let known = heights[above] {
      return known >> (above - index)
    }
    if let below = heights.indices.last(where: { $0 < index && heights[$0] != nil }), let known = heights[below] {
      return known << (index - below)
    }
    return usualHeight >> (heights.count - 1 - index)
  }

  /// The encoding to take: the wished one, or while its packets do not come the next lower one that does come.
  /// - Parameters:
  ///   - present: the encoding taken so far.
  ///   - isNew: whether the wish is; then an encoding that has just begun is good enough.
  package static func target(
    wished: Int, present: Int, isNew: Bool, pulses: [StreamPulse], at now: MonotonicInstant
  ) -> Int {
    guard pulses.indices.contains(wished) else { return present }
    if pulses[wished].isLive(at: now) {
      if wished == present || isNew || pulses[wished].isLive(for: proven, at: now) { return wished }
    }
    let others = pulses.indices.filter { $0 != wished && pulses[$0].isLive(for: settled, at: now) }
    let instead = others.last { $0 < wished } ?? others.first
    // Where nothing comes there is nothing better to wait for than what was wished.
    return instead ?? (isNew ? wished : present)
  }
}
