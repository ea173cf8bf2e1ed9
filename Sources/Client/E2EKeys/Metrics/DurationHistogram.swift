package import WireBytes

/// Counts of durations in buckets that grow by a quarter of a power of two, from 1 us to over an hour: a quantile is
/// off by a tenth at most. Fixed in size.
package struct DurationHistogram: Sendable, Equatable {
  private static let stepsPerDoubling = 4
  private static let doublings = 32
  private static let smallest: UInt64 = 1_000

  package private(set) var count: UInt64 = 0
  /// Of all durations, in nanoseconds.
  package private(set) var total: UInt64 = 0
  package private(set) var longest: UInt64 = 0
  private var counts = [UInt64](repeating: 0, count: stepsPerDoubling * doublings + 1)

  package init() {}

  package var sum: TimeInterval { TimeInterval(nanoseconds: total) }

  package mutating func record(nanoseconds: UInt64) {
    count &+= 1
    total &+= nanoseconds
    longest = max(longest, nanoseconds)
    counts[Self.bucket(of: nanoseconds)] &+= 1
  }

  package mutating func merge(_ other: Self) {
    count &+= other.count
    total &+= other.total
    longest = max(longest, other.longest)
    for index in counts.indices { counts[index] &+= other.counts[index] }
  }

  /// The duration that the fraction `q` (0...1) of all does not exceed; zero if there are none.
  package func quantile(_ q: Double) -> TimeInterval {
    guard count > 0 else { return .zero }
    let wanted = max(1, UInt64((min(max(q, 0), 1) * Double(count)).rounded(.up)))
    var seen: UInt64 = 0
    for (index, bucket) in counts.enumerated() {
      seen += bucket
      if seen >= wanted { return TimeInterval(nanoseconds: min(Self.upperBound(of: index), longest)) }
    }
    return TimeInterval(nanoseconds: longest)
  }

  /// The buckets that hold something: upper bound in nanoseconds, and how many.
  package var buckets: [(upperBound: UInt64, count: UInt64)] {
    counts.enumerated().filter { $0.element > 0 }.map { (Self.upperBound(of: $0.offset), $0.element) }
  }

  private static func bucket(of nanoseconds: UInt64) -> Int {
    guard nanoseconds > smallest else { return 0 }
    let ratio = nanoseconds / smallest
    let doubling = UInt64.bitWidth - 1 - ratio.leadingZeroBitCount
    guard doubling < doublings else { return stepsPerDoubling * doublings }
    let base = smallest << doubling
    let step = Int((nanoseconds - base) * UInt64(stepsPerDoubling) / base)
    return doubling * stepsPerDoubling + min(step, stepsPerDoubling - 1) + 1
  }

  private static func upperBound(of bucket: Int) -> UInt64 {
    guard bucket > 0 else { return smallest }
    let (doubling, step) = (bucket - 1).quotientAndRemainder(dividingBy: stepsPerDoubling)
    let base = smallest << UInt64(doubling)
    return base + base * UInt64(step + 1) / UInt64(stepsPerDoubling)
  }
}
