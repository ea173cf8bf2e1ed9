package import WireBytes

/// A token bucket, kept as the instant at which it will be full again (the form known as GCRA): no clock, no timer, no
/// rounding that adds up.
package struct TokenBucket: Sendable {
  /// One token's worth of time.
  private let interval: TimeInterval
  /// How far into the future `fullAt` may lie for a token to be left.
  private let tolerance: TimeInterval
  private var fullAt = MonotonicInstant(nanoseconds: 0)

  package init(_ rate: ControlLimits.Rate) {
    interval = TimeInterval(nanoseconds: 1_000_000_000 / max(rate.perSecond, 1))
    tolerance = interval * (max(rate.burst, 1) - 1)
  }

  /// Takes one token; false when there is none.
  package mutating func take(at now: MonotonicInstant) -> Bool {
    let start = max(fullAt, now)
    guard start.nanoseconds(since: now) <= tolerance.nanoseconds else { return false }
    fullAt = start + interval
    return true
  }
}
