import WireBytes

/// Lengths of time in units of an RTP clock, on the 32-bit circle of RTP timestamps.
extension TimeInterval {
  /// Rounded down; wraps as RTP timestamps do, and cannot overflow.
  func ticks(clockRate: UInt32) -> UInt32 {
    let rate = UInt64(clockRate)
    let whole = nanoseconds / 1_000_000_000 &* rate
    let part = nanoseconds % 1_000_000_000 * rate / 1_000_000_000
    return UInt32(truncatingIfNeeded: whole &+ part)
  }
}
