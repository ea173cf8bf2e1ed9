import CNetLinux
package import WireBytes

/// The only place that reads the system's clocks. Everything below Edge takes time as an argument.
package enum MonotonicClock {
  /// CLOCK_MONOTONIC, the clock that Dispatch timers run on.
  package static func now() -> MonotonicInstant {
    MonotonicInstant(nanoseconds: cnet_monotonic_nanoseconds())
  }

  /// The wall clock, anchored at this moment: later jumps of the system's time do not reach running calls.
  package static func wallClock() -> WallClock {
    WallClock(anchor: now(), unixNanoseconds: cnet_realtime_nanoseconds())
  }
}
