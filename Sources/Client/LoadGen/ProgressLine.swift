import Glibc
import Synchronization

/// Standard error, unbuffered.
enum StandardError {
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe Glibc.write(2, bytes, bytes.count)
  }
}

/// One line that says what goes on: rewritten on a terminal, one line per change of a log.
final class ProgressLine: Sendable {
  private let enabled: Bool
  private let isTerminal = isatty(2) == 1
  private let last = Mutex("")

  init(enabled: Bool) { self.enabled = enabled }

  func show(_ text: String) {
    guard enabled else { return }
    let isNew = last.withLock { last in
      defer { last = text }
      return last != text
    }
    guard isNew else { return }
    StandardError.write(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
  }

  func clear() { if enabled, isTerminal { StandardError.write("\r\u{1B}[K") } }
}
