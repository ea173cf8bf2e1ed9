import WireBytes

/// A moment of the calendar, from an ISO 8601 day or an RFC 3339 time.
struct PolicyMoment: Equatable {
  /// Since 1970, UTC. A day stands for its end: what is allowed until a day is allowed on it.
  let unixSeconds: UInt64

  private static let secondsPerDay: Int64 = 86_400
  /// Far beyond any process's life, and safe to count in nanoseconds.
  private static let horizon: UInt64 = 5_000_000_000

  /// `2030-12-31`, `2030-12-31T12:00:00Z`, `2030-12-31T12:00:00.5+01:00`; years 2000 to 9999. Nil for anything else.
  init?(text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 10, bytes[4] == 0x2D, bytes[7] == 0x2D,
      let year = Self.number(bytes[0..<4], in: 2000...9999), let month = Self.number(bytes[5..<7], in: 1...12),
      let day = Self.number(bytes[8..<10], in: 1...Self.days(of: month, in: year))
    else { return nil }
    let midnight = Self.daysSince1970(year, month, day) * Self.secondsPerDay
    guard bytes.count > 10 else {
      unixSeconds = UInt64(midnight + Self.secondsPerDay)
      return
    }
    guard bytes.count >= 20, bytes[10] | 0x20 == 0x74, bytes[13] == 0x3A, bytes[16] == 0x3A,
      let hour = Self.number(bytes[11..<13], in: 0...23), let minute = Self.number(bytes[14..<16], in: 0...59),
      let second = Self.number(bytes[17..<19], in: 0...60)
    else { return nil }
    var rest = bytes[19...]
    if rest.first == 0x2E {
      // Fractions of a second change nothing here, but they must be digits.
      let digits = rest.dropFirst().prefix { (48...57).contains($0) }
      guard !digits.isEmpty else { return nil }
      rest = rest.dropFirst(1 + digits.count)
    }
    guard let offset = Self.offset(rest) else { return nil }
    unixSeconds = UInt64(midnight + Int64(hour * 3_600 + minute * 60 + second) - offset)
  }

  /// The moment on the monotonic clock; 0 if it is past, never if it is beyond any process's life.
  func instant(clock: WallClock, at now: MonotonicInstant) -> MonotonicInstant {
    let today = clock.unixSeconds(at: now)
    guard unixSeconds > today else { return MonotonicInstant(nanoseconds: 0) }
    let rest = unixSeconds - today
    return rest > Self.horizon ? .never : now + .seconds(rest)
  }

  /// Seconds east of UTC.
  private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
    let zone = Array(bytes)
    if zone.count == 1, zone[0] | 0x20 == 0x7A { return 0 }
    guard zone.count == 6, zone[0] == 0x2B || zone[0] == 0x2D, zone[3] == 0x3A,
      let hour = number(zone[1..<3], in: 0...23), let minute = number(zone[4..<6], in: 0...59)
    else { return nil }
    return Int64(hour * 3_600 + minute * 60) * (zone[0] == 0x2B ? 1 : -1)
  }

  private static func number(_ digits: ArraySlice<UInt8>, in range: ClosedRange<Int>) -> Int? {
    guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    let value = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    return range.contains(value) ? value : nil
  }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func days(of month: Int, in year: Int) -> Int {
    month == 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
    let past = (1970..<year).reduce(0) { $0 + (isLeap($1) ? 366 : 365) }
    return Int64(past + (1..<month).reduce(0) { $0 + days(of: $1, in: year) } + day - 1)
  }
}
