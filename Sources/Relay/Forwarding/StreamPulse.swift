package import WireBytes

/// Whether packets of one stream keep coming: an encoder drops simulcast encodings under pressure without a word.
package struct StreamPulse: Sendable {
  /// Without a packet for so long a stream has stopped. Shorter takes a slow camera in the dark for one that stopped;
  /// longer leaves a picture standing still.
  package static var silence: TimeInterval { .milliseconds(1_000) }

  private var newest: MonotonicInstant?
  /// Since when packets have come without such a silence.
  private var since = MonotonicInstant(nanoseconds: 0)

  package init() {}

  /// A packet with a payload came. True: it is the first, or the first after a silence.
  @discardableResult
  package mutating func beat(at now: MonotonicInstant) -> Bool {
    let begins = !isLive(at: now)
    if begins { since = now }
    newest = now
    return begins
  }

  package func isLive(at now: MonotonicInstant) -> Bool {
    guard let newest else { return false }
    return now.nanoseconds(since: newest) <= Self.silence.nanoseconds
  }

  /// Whether packets have come for `duration` at least, and still do.
  package func isLive(for duration: TimeInterval, at now: MonotonicInstant) -> Bool {
    isLive(at: now) && since + duration <= now
  }
}
