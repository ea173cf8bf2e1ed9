/// The pair (monotonic instant, wall clock) taken once at start, from which later wall-clock times follow.
///
/// RTCP sender reports carry NTP time (RFC 3550 section 4); token checks need Unix time. Both are derived from the
/// injected monotonic instant, so that tests with virtual time stay exact.
package struct WallClock: Sendable {
  private let anchor: MonotonicInstant
  private let unixNanosecondsAtAnchor: UInt64

  package init(anchor: MonotonicInstant, unixNanoseconds: UInt64) {
    self.anchor = anchor
    self.unixNanosecondsAtAnchor = unixNanoseconds
  }

  package func unixNanoseconds(at now: MonotonicInstant) -> UInt64 {
    unixNanosecondsAtAnchor &+ now.nanoseconds(since: anchor)
  }

  package func unixSeconds(at now: MonotonicInstant) -> UInt64 { unixNanoseconds(at: now) / 1_000_000_000 }

  /// 64-bit NTP timestamp: seconds since 1900 in the upper half, the fraction in the lower (RFC 5905 section 6).
  package func ntp(at now: MonotonicInstant) -> UInt64 {
    let unix = unixNanoseconds(at: now)
    let seconds = unix / 1_000_000_000 &+ 2_208_988_800
    let fraction = ((unix % 1_000_000_000) << 32) / 1_000_000_000
    return seconds << 32 | fraction
  }
}
