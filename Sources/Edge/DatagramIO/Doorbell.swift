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

  /// Whether `descriptor` became readable within `limit`, and nobody rang.
  package func waitReadable(_ descriptor: CInt, atMost limit: TimeInterval) -> Bool {
    guard event >= 0 else { return false }
    isWaiting.store(true, ordering: .sequentiallyConsistent)
    defer { isWaiting.store(false, ordering: .relaxed) }
    guard unanswered.load(ordering: .sequentiallyConsistent) == 0 else { return false }
    return cnet_wait_readable(descriptor, event, limit.nanoseconds)
      && unanswered.load(ordering: .sequentiallyConsistent) == 0
  }
}
