/// Counts of observations in fixed buckets, as Prometheus wants them: upper bounds, sum and count.
///
/// A plain value with one writer; readers get copies.
package struct Histogram: Sendable, Equatable {
  /// Upper bounds in ascending order, in the metric's base unit (seconds for times).
  package let bounds: [Double]
  /// One count per bound and one for everything above the last; not cumulative.
  package private(set) var counts: [UInt64]
  package private(set) var sum: Double = 0
  package private(set) var count: UInt64 = 0

  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = [UInt64](repeating: 0, count: bounds.count + 1)
  }

  package mutating func observe(_ value: Double, times: UInt64 = 1) {
    var index = 0
    while index < bounds.count, value > bounds[index] { index += 1 }
    counts[index] += times
    sum += value * Double(times)
    count += times
  }

  /// Adds another histogram of the same bounds; others are a programming error.
  package mutating func merge(_ other: Histogram) {
    precondition(bounds == other.bounds, "histograms with different buckets cannot be merged")
    for index in counts.indices { counts[index] += other.counts[index] }
    sum += other.sum
    count += other.count
  }

  /// The upper bound of the bucket that holds the given quantile (0...1); nil when empty, infinity above the last bound.
  package func quantile(_ q: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = max(1, UInt64((Double(count) * q).rounded(.up)))
    var seen: UInt64 = 0
    for (index, bucket) in counts.enumerated() {
      seen += bucket
      if seen >= rank { return index < bounds.count ? bounds[index] : .infinity }
    }
    return .infinity
  }

  /// From 10 us to 5 s: forwarding latencies.
  package static let forwardingBounds: [Double] = [
    10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 50e-3, 0.25, 1, 5,
  ]
  /// From 1 ms to 10 s: handshakes and key changes.
  package static let controlBounds: [Double] = [
    1e-3, 2e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2, 5, 10,
  ]
}
