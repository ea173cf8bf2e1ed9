package import WireBytes

/// When a loop reads its socket.
package enum ReadPacing: Sendable {
  /// As soon as a datagram is there.
  case immediate
  /// At a fixed interval. For receivers that take arrival times from the kernel: a wake-up costs more than the work on
  /// one packet, and a load generator has a thousand receivers on few cores.
  case every(TimeInterval)
  /// Immediately while it is quiet, at `interval` while wake-ups come faster than `busyRate` a second. The interval is
  /// what a packet may wait longer; the rate, where that wait begins to pay.
  case adaptive(interval: TimeInterval, busyRate: UInt64)

  var isAdaptive: Bool {
    if case .adaptive = self { true } else { false }
  }
}

/// Decides between reading on readiness and reading on a tick. Sans-IO: the loop asks and obeys.
package struct ReadPace {
  package enum Switch: Equatable { case startPolling, stopPolling }

  /// Wake-ups are counted over windows of this length: long enough to see a rate, short enough to follow a call's start.
  private static var window: TimeInterval { .milliseconds(10) }

  private let pacing: ReadPacing
  package private(set) var isPolling: Bool
  /// When to read next; `.never` while readiness decides.
  package private(set) var nextRead = MonotonicInstant.never
  private var windowStart = MonotonicInstant(nanoseconds: 0)
  /// Reads of the window that found something: as many as there are, or would be, wake-ups without the tick. Packets
  /// that come in one burst are one.
  private var reads: UInt64 = 0

  package init(_ pacing: ReadPacing) {
    self.pacing = pacing
    if case .every = pacing {
      isPolling = true
      nextRead = MonotonicInstant(nanoseconds: 0)
    } else {
      isPolling = false
    }
  }

  private var interval: TimeInterval {
    switch pacing {
    case .immediate: .zero
    case .every(let interval), .adaptive(let interval, _): interval
    }
  }

  /// One drain of the socket took `count` datagrams.
  package mutating func read(_ count: Int, at now: MonotonicInstant) {
    if count > 0 { reads += 1 }
  }

  /// A read on the tick was done.
  package mutating func polled(at now: MonotonicInstant) {
    guard case .every(let interval) = pacing, interval > .zero else {
      nextRead = now + interval
      return
    }
    // On the clock's own grid: loops that share a thread then wake it once for all.
    nextRead = MonotonicInstant(
      nanoseconds: (now.nanoseconds / interval.nanoseconds + 1) * interval.nanoseconds)
  }

  /// The change of mode that the last window calls for.
  package mutating func takeSwitch(at now: MonotonicInstant) -> Switch? {
    guard case .adaptive(let interval, let busyRate) = pacing else { return nil }
    guard now.nanoseconds(since: windowStart) >= Self.window.nanoseconds else { return nil }
    let elapsed = max(now.nanoseconds(since: windowStart), 1)
    let perSecond = reads * 1_000_000_000 / elapsed
    windowStart = now
    reads = 0
    if !isPolling, perSecond > busyRate {
      isPolling = true
      nextRead = now + interval
      return .startPolling
    }
    // Half the rate, so that a load at the limit does not change the mode at every window.
    if isPolling, perSecond < busyRate / 2 {
      isPolling = false
      nextRead = .never
      return .stopPolling
    }
    return nil
  }
}
