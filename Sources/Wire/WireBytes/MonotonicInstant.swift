/// A point on the process's monotonic clock, in nanoseconds.
///
/// Nothing below Edge reads a clock: time comes in as an argument of this type. Arithmetic saturates, so that no
/// order of instants can trap. All of it is inlined into other modules, the comparisons that the compiler would derive
/// included: those it calls by way of the protocol's table, and the packet path compares instants everywhere.
package struct MonotonicInstant: Hashable, Comparable, Sendable {
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// The deadline of something that has none.
  @inlinable
  package static var never: Self { Self(nanoseconds: .max) }

  @inlinable
  package static func == (a: Self, b: Self) -> Bool { a.nanoseconds == b.nanoseconds }
  @inlinable
  package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable
  package static func <= (a: Self, b: Self) -> Bool { a.nanoseconds <= b.nanoseconds }
  @inlinable
  package static func > (a: Self, b: Self) -> Bool { a.nanoseconds > b.nanoseconds }
  @inlinable
  package static func >= (a: Self, b: Self) -> Bool { a.nanoseconds >= b.nanoseconds }

  /// Nanoseconds since `earlier`; zero if `earlier` is later.
  @inlinable
  package func nanoseconds(since earlier: Self) -> UInt64 {
    nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
  }

  @inlinable
  package func milliseconds(since earlier: Self) -> Double { Double(nanoseconds(since: earlier)) / 1e6 }

  @inlinable
  package static func + (instant: Self, interval: TimeInterval) -> Self {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(interval.nanoseconds)
    return Self(nanoseconds: overflow ? .max : sum)
  }

  /// The next multiple of `step` on the clock, or this instant if it is one.
  @inlinable
  package func roundedUp(to step: TimeInterval) -> Self {
    guard step > .zero, self != .never else { return self }
    let rest = nanoseconds % step.nanoseconds
    return rest == 0 ? self : self + TimeInterval(nanoseconds: step.nanoseconds - rest)
  }

  @inlinable
  package static func - (instant: Self, interval: TimeInterval) -> Self {
    Self(nanoseconds: instant.nanoseconds > interval.nanoseconds ? instant.nanoseconds - interval.nanoseconds : 0)
  }
}

/// A non-negative length of time, in nanoseconds; eight bytes where `Duration` has sixteen.
package struct TimeInterval: Hashable, Comparable, Sendable {
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  @inlinable
  package static var zero: Self { Self(nanoseconds: 0) }
  @inlinable
  package static func microseconds(_ n: UInt64) -> Self { Self(nanoseconds: n &* 1_000) }
  @inlinable
  package static func milliseconds(_ n: UInt64) -> Self { Self(nanoseconds: n &* 1_000_000) }
  @inlinable
  package static func seconds(_ n: UInt64) -> Self { Self(nanoseconds: n &* 1_000_000_000) }

  @inlinable
  package var seconds: Double { Double(nanoseconds) / 1e9 }
  @inlinable
  package var milliseconds: UInt64 { nanoseconds / 1_000_000 }

  @inlinable
  package static func == (a: Self, b: Self) -> Bool { a.nanoseconds == b.nanoseconds }
  @inlinable
  package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable
  package static func <= (a: Self, b: Self) -> Bool { a.nanoseconds <= b.nanoseconds }
  @inlinable
  package static func > (a: Self, b: Self) -> Bool { a.nanoseconds > b.nanoseconds }
  @inlinable
  package static func >= (a: Self, b: Self) -> Bool { a.nanoseconds >= b.nanoseconds }
  @inlinable
  package static func * (interval: Self, factor: UInt64) -> Self { Self(nanoseconds: interval.nanoseconds &* factor) }
}
