import WireBytes

/// How many epochs a member makes on advice: whoever sends a thousand preparations a second gets a few keys.
///
/// A bucket of sixteen changes that fills by ten a second. More would let the relay drive members to work without end;
/// fewer would hold up real joins and leaves, which come in waves.
struct RekeyBudget {
  enum Purpose: UInt64 {
    /// The log has grown.
    case change = 1
    /// Nobody came or went: that is due every ten minutes, so it costs more.
    case renewal = 10
  }

  private static let interval = TimeInterval.milliseconds(100)
  private static let burst: UInt64 = 16

  /// When the bucket will be full again.
  private var fullAt = MonotonicInstant(nanoseconds: 0)

  /// From when on an epoch may be made.
  var nextAt: MonotonicInstant { fullAt - Self.interval * Self.burst }

  /// A debt ends after a second: others' epochs count as well, and many may come at once after an outage.
  mutating func spend(for purpose: Purpose, at now: MonotonicInstant) {
    let limit = now + Self.interval * (Self.burst + Purpose.renewal.rawValue)
    fullAt = min(max(fullAt, now) + Self.interval * purpose.rawValue, limit)
  }
}
