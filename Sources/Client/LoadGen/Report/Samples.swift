/// A set of measurements, kept whole up to a bound and thinned evenly beyond it.
package struct Samples: Sendable {
  /// Enough for a 99.9th percentile to rest on 100 values; a third of a second of sorting would need ten times more.
  private static let limit = 200_000
  private var values: [Double] = []
  /// Each kept value stands for so many measurements.
  private var stride = 1
  private var skipped = 0

  package init() {}

  package var isEmpty: Bool { values.isEmpty }
  /// Measurements taken, less the few that the thinning has not placed yet.
  package var count: Int { values.count * stride }

  package mutating func add(_ value: Double) { add(value, weight: 1) }

  package mutating func add(_ other: Samples) {
    while stride < other.stride { thin() }
    for value in other.values { add(value, weight: other.stride) }
  }

  private mutating func add(_ value: Double, weight: Int) {
    skipped += weight
    guard skipped >= stride else { return }
    skipped -= stride
    values.append(value)
    if values.count >= Self.limit { thin() }
  }

  private mutating func thin() {
    values = values.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
    stride *= 2
  }

  /// The given quantile (0...1) by nearest rank; 0 without measurements.
  package func percentile(_ quantile: Double) -> Double { percentiles([quantile])[0] }

  package func percentiles(_ quantiles: [Double]) -> [Double] {
    guard !values.isEmpty else { return quantiles.map { _ in 0 } }
    let sorted = values.sorted()
    return quantiles.map { quantile in
      sorted[min(sorted.count - 1, max(0, Int((Double(sorted.count) * quantile).rounded(.up)) - 1))]
    }
  }

  /// The least of the values kept; 0 without measurements.
  package var minimum: Double { values.min() ?? 0 }
}
