import CNetLinux
import Synchronization
package import WireBytes

/// Lets a loop wait for its socket while it holds its queue, and whoever puts work on the queue call it back.
///
/// What is rung for and not yet answered ends a wait and prevents the next one, so work of the queue never waits for the
/// socket. `ring` may be called from anywhere, all else on the loop's queue.
package final class Doorbell: Sendable {
  private let unanswered = Atomic<Int>(0)
  private let isWaiting = Atomic<Bool>(false)
  private let event = cnet_event()

  package init() {}

  deinit { if event >= 0 { _ = cnet_close(event) } }

  /// Before work is put on the queue.
  package func ring() {
    unanswered.add(1, ordering: .sequentiallyConsistent)
    if isWaiting.load(ordering: .sequentiallyConsistent) { cnet_signal(event) }
  }

  /// When that work begins.
  package func answer() { unanswered.subtract(1, ordering: .relaxed) }

  /// Without an event descriptor nobody can end a wait: the loop must not begin one.
  package var isUsable: Bool { event >= 0 }

  /// Whether everything that was rung for has begun.
  package var isAnswered: Bool { unanswered.load(ordering: .sequentiallyConsistent) == 0 }

  /// Waits until `descriptor` is readable, somebody rings or has rung, or `limit` is over; nil for no descriptor. Whether
  /// the descriptor is readable.
  package func wait(_ descriptor: CInt?, atMost limit: TimeInterval) -> Bool {
    isWaiting.store(true, ordering: .sequentiallyConsistent)
    defer { isWaiting.store(false, ordering: .relaxed) }
    guard isAnswered else { return false }
    return cnet_wait_readable(descriptor ?? -1, event, limit.nanoseconds)
  }
}
