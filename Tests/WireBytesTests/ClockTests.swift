import Testing
import WireBytes

struct MonotonicInstantTests {
  private let start = MonotonicInstant(nanoseconds: 1_000)

  @Test func `intervals move an instant`() {
    #expect(start + .microseconds(2) == MonotonicInstant(nanoseconds: 3_000))
    #expect(start + .milliseconds(1) == MonotonicInstant(nanoseconds: 1_001_000))
    #expect(start + .seconds(3) == MonotonicInstant(nanoseconds: 3_000_001_000))
    #expect(start - .microseconds(1) == MonotonicInstant(nanoseconds: 0))
    #expect(TimeInterval.milliseconds(3) * 4 == .milliseconds(12))
    #expect(TimeInterval.milliseconds(1500).seconds == 1.5)
    #expect(TimeInterval.seconds(2).milliseconds == 2000)
    #expect(TimeInterval.zero < .microseconds(1))
  }

  @Test func `addition ends at never`() {
    #expect(MonotonicInstant.never + .seconds(1) == .never)
    #expect(MonotonicInstant(nanoseconds: .max - 5) + TimeInterval(nanoseconds: 5) == .never)
    #expect(MonotonicInstant(nanoseconds: .max - 5) + TimeInterval(nanoseconds: 4) < .never)
    #expect(start < .never)
  }

  @Test func `subtraction ends at zero`() {
    #expect(start - .seconds(1) == MonotonicInstant(nanoseconds: 0))
    #expect(start - TimeInterval(nanoseconds: 1_001) == MonotonicInstant(nanoseconds: 0))
  }

  @Test func `a distance is never negative`() {
    let later = start + .milliseconds(5)
    #expect(later.nanoseconds(since: start) == 5_000_000)
    #expect(start.nanoseconds(since: later) == 0)
    #expect(later.milliseconds(since: start) == 5)
    #expect(start.milliseconds(since: .never) == 0)
  }
}

struct WallClockTests {
  private let anchor = MonotonicInstant(nanoseconds: 5_000_000_000)

  @Test func `wall time follows the monotonic clock`() {
    let clock = WallClock(anchor: anchor, unixNanoseconds: 1_700_000_000_250_000_000)
    #expect(clock.unixNanoseconds(at: anchor) == 1_700_000_000_250_000_000)
    #expect(clock.unixSeconds(at: anchor + .milliseconds(749)) == 1_700_000_000)
    #expect(clock.unixSeconds(at: anchor + .milliseconds(750)) == 1_700_000_001)
  }

  @Test func `an instant before the anchor is the anchor`() {
    let clock = WallClock(anchor: anchor, unixNanoseconds: 10)
    #expect(clock.unixNanoseconds(at: MonotonicInstant(nanoseconds: 0)) == 10)
  }

  /// RFC 5905 figure 4: the Unix epoch is 2208988800 in the NTP era 0.
  @Test func `NTP time counts from 1900 with a binary fraction`() {
    let epoch = WallClock(anchor: anchor, unixNanoseconds: 0)
    let unixEpoch: UInt64 = 2_208_988_800
    #expect(epoch.ntp(at: anchor) == unixEpoch << 32)
    #expect(epoch.ntp(at: anchor + .milliseconds(500)) == unixEpoch << 32 | 0x8000_0000)
    #expect(epoch.ntp(at: anchor + .milliseconds(1250)) == (unixEpoch + 1) << 32 | 0x4000_0000)
    let last = epoch.ntp(at: anchor + TimeInterval(nanoseconds: 999_999_999))
    #expect(last >> 32 == unixEpoch)
    #expect(last & 0xFFFF_FFFF == 0xFFFF_FFFB)
  }

  @Test func `NTP time grows with time`() {
    let clock = WallClock(anchor: anchor, unixNanoseconds: 1_700_000_000_999_999_000)
    var last = clock.ntp(at: anchor)
    for step in 1...2_000 {
      let next = clock.ntp(at: anchor + TimeInterval(nanoseconds: UInt64(step)))
      #expect(next > last)
      last = next
    }
  }
}
