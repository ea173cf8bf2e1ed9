import Synchronization

/// What went wrong during a run, each kind once with its number.
final class FailureList: Sendable {
  private let counts = Mutex<[(text: String, count: Int)]>([])

  func add(_ text: String) {
    counts.withLock { counts in
      if let index = counts.firstIndex(where: { $0.text == text }) {
        counts[index].count += 1
      } else if counts.count < 50 {
        counts.append((text, 1))
      }
    }
  }

  var texts: [String] { counts.withLock { $0.map { $0.count == 1 ? $0.text : "\($0.text) (\($0.count) times)" } } }
}
