/// A set of measurements, kept whole up to a bound and thinned evenly beyond it.
package struct Samples: Sendable {
  private static let limit = 200_000
  private var values: [Double] = []
  private var stride = 1
  private var skipped = 0
  package private(set) var maximum = 0.0

  package init() {}

  package var isEmpty: Bool { values.isEmpty }
  package var count: Int { values.count * stride }

  package mutating func add(_ value: Double) {
    maximum = max(maximum, value)
    skipped += 1
    guard skipped >= stride else { return }
    skipped = 0
    values.append(value)
    guard values.count >= Self.limit else { return }
    values = values.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    stride *= 2
  }

  package mutating func add(_ other: Samples) {
    for value in other.values { add(value) }
    maximum = max(maximum, other.maximum)
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

  package var minimum: Double { values.min() ?? 0 }
}
