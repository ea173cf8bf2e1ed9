import CMalloc
import Dispatch
import Synchronization

/// Gives the memory of DTLS handshakes back to the system.
///
/// Each takes some 33 KiB until its peer has settled. malloc keeps what is freed, scattered among what stays, so that
/// without this a relay holds a third more than its members need. Shards only say that there is something; the work is
/// done on a thread of its own, at most once in a while, and never in a relay where nobody comes.
final class HeapTrimmer: Sendable {
  /// One pass for all who settle within this time.
  private static let delay = DispatchTimeInterval.seconds(10)

  private let queue = DispatchQueue(label: "heap", qos: .utility)
  private let isDue = Atomic(false)

  /// May be called from anywhere.
  func memoryWasFreed() {
    guard !isDue.exchange(true, ordering: .acquiringAndReleasing) else { return }
    queue.asyncAfter(deadline: .now() + Self.delay) { [self] in
      isDue.store(false, ordering: .releasing)
      _ = cmalloc_trim()
    }
  }
}
