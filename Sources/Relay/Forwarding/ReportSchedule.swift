package import WireBytes

/// When one peer gets its RTCP reports, and when the pictures that it waits for are asked for again.
///
/// Receiver reports go out every second while media comes from the peer: its congestion control lives on them. Sender
/// reports tell it clocks, which do not change: they come soon after a stream begins or changes its source, then ever
/// more seldom, up to the interval that RFC 3550 section 6.2 recommends. To a member that only listens they are all there
/// is to send, and in a large room most members do.
package struct ReportSchedule: Sendable {
  /// Clients take the round trip time and the relation of the streams from the first.
  package static var first: TimeInterval { .milliseconds(200) }
  /// RFC 3550 section 6.2 allows it at these rates.
  package static var interval: TimeInterval { .seconds(1) }
  package static var longestPause: TimeInterval { .seconds(5) }
  /// Of reminders for pictures whose publisher sends nothing at all.
  package static var longestReminder: TimeInterval { .seconds(16) }

  /// When there is something to send, or a wish to repeat; never when neither.
  package private(set) var next = MonotonicInstant.never
  private var senderReportsAt = MonotonicInstant(nanoseconds: 0)
  private var pause = TimeInterval.zero
  private var reminder = TimeInterval.zero

  package init() {}

  /// A stream begins, goes on after a silence, or has another source.
  package mutating func hasten(at now: MonotonicInstant) {
    next = min(next, now + Self.first)
    senderReportsAt = MonotonicInstant(nanoseconds: 0)
    (pause, reminder) = (.zero, .zero)
  }

  /// Whether sender reports belong into the reports that are sent now; if so, the next ones come later.
  package mutating func takeSenderReports(at now: MonotonicInstant) -> Bool {
    guard senderReportsAt <= now else { return false }
    pause = Self.doubled(pause, from: Self.interval, upTo: Self.longestPause)
    senderReportsAt = now + pause
    return true
  }

  /// Reports were sent. `isBusy`: the next are due in a second, whatever the sender reports' pace.
  package mutating func reported(at now: MonotonicInstant, isBusy: Bool) {
    reminder = .zero
    next = isBusy ? now + Self.interval : max(senderReportsAt, now + Self.interval)
  }

  /// There is nothing to report on. `waits`: the peer waits for pictures, and is woken for reminders; `isLive`: packets
  /// of one of them keep coming, so that asking soon may help. The reminders of all peers fall on few moments.
  package mutating func rest(at now: MonotonicInstant, waits: Bool, isLive: Bool) {
    guard waits else { return next = .never }
    let shortest = KeyframeArbiter.reminderInterval
    reminder = isLive ? shortest : Self.doubled(reminder, from: shortest, upTo: Self.longestReminder)
    next = (now + reminder).roundedUp(to: TimeInterval(nanoseconds: reminder.nanoseconds / 4))
  }

  /// The peer cannot be sent anything.
  package mutating func suspend() { next = .never }

  private static func doubled(
    _ value: TimeInterval, from shortest: TimeInterval, upTo longest: TimeInterval
  ) -> TimeInterval {
    min(max(TimeInterval(nanoseconds: 2 * value.nanoseconds), shortest), longest)
  }
}
