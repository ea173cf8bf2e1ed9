import FoundationEssentials
import NIOCore
package import WireBytes

/// The time, as the control server needs it: an instant for limits and timers, wall-clock time for tokens.
package struct ControlClock: Sendable {
  package let now: @Sendable () -> MonotonicInstant
  package let wall: WallClock

  package init(now: @escaping @Sendable () -> MonotonicInstant, wall: WallClock) {
    self.now = now
    self.wall = wall
  }

  /// The clock of the event loops' own timers, anchored to the wall clock at this moment.
  package static func system() -> ControlClock {
    let now: @Sendable () -> MonotonicInstant = {
      MonotonicInstant(nanoseconds: NIODeadline.now().uptimeNanoseconds)
    }
    let unix = UInt64(max(0, Date().timeIntervalSince1970 * 1e9))
    return ControlClock(now: now, wall: WallClock(anchor: now(), unixNanoseconds: unix))
  }
}
