package import WireBytes

/// Collects the key-frame requests of all subscribers to one stream into at most one PLI per 500 ms.
///
/// A request inside the window is remembered and sent when it opens. A PLI without an answer is repeated, since PLI and
/// key frame can both be lost, but not for ever: a publisher that has paused has nothing to send. For as long as somebody
/// still waits, `remind` goes on at a slower pace.
package struct KeyframeArbiter: Sendable {
  /// Shorter lets subscribers drive a publisher's encoder into key frames only; longer delays who waits for one.
  package static var window: TimeInterval { .milliseconds(500) }
  /// Between reminders: rare enough that a publisher without a picture is not bothered.
  package static var reminderInterval: TimeInterval { .seconds(2) }
  /// Unanswered PLIs in a row before the arbiter waits for the next request.
  private static let maximumTries = 10

  private var windowOpens = MonotonicInstant(nanoseconds: 0)
  private var lastSent: MonotonicInstant?
  private var isPending = false
  private var isAwaited = false
  private var tries = 0

  package init() {}

  /// When an unanswered or held-back request is sent; never when there is none.
  package var retryAt: MonotonicInstant { wantsMore ? windowOpens : .never }
  package var nextDeadline: MonotonicInstant { retryAt }

  /// A subscriber wants a key frame. True: a PLI is to be sent now.
  package mutating func request(at now: MonotonicInstant) -> Bool {
    isPending = true
    tries = 0
    return expire(at: now)
  }

  /// A subscriber still waits, whatever became of its requests. True: a PLI is to be sent now.
  package mutating func remind(at now: MonotonicInstant) -> Bool {
    guard !wantsMore, lastSent.map({ $0 + Self.reminderInterval <= now }) ?? true else { return false }
    isPending = true
    // One, not another row of them.
    tries = Self.maximumTries - 1
    return expire(at: now)
  }

  /// A key frame came: whoever asked before has what it wants.
  package mutating func arrived(at _: MonotonicInstant) {
    isPending = false
    isAwaited = false
    tries = 0
  }

  /// True: a PLI is to be sent now.
  package mutating func expire(at now: MonotonicInstant) -> Bool {
    guard wantsMore, windowOpens <= now else { return false }
    isPending = false
    isAwaited = true
    tries += 1
    lastSent = now
    windowOpens = now + Self.window
    return true
  }

  private var wantsMore: Bool { isPending || (isAwaited && tries < Self.maximumTries) }
}
