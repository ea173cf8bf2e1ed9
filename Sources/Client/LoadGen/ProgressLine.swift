import DatagramIO
import Glibc
import Synchronization
package import WireBytes

/// Standard error, unbuffered.
enum StandardError {
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe Glibc.write(2, bytes, bytes.count)
  }
}

/// One line that says what goes on: rewritten on a terminal, a line per step in a log.
final class ProgressLine: Sendable {
  private let enabled: Bool
  private let isTerminal = isatty(2) == 1
  private let filter: Mutex<ProgressFilter>

  init(enabled: Bool) {
    self.enabled = enabled
    filter = Mutex(ProgressFilter(patience: isTerminal ? .zero : .seconds(10)))
  }

  func show(_ text: String) {
    guard enabled, filter.withLock({ $0.passes(text, at: MonotonicClock.now()) }) else { return }
    StandardError.write(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
  }

  func clear() { if enabled, isTerminal { StandardError.write("\r\u{1B}[K") } }
}

/// Keeps a log short: a line that differs from the one before only in its numbers waits until some time has passed.
package struct ProgressFilter: Sendable {
  private let patience: TimeInterval
  private var last = ""
  private var shownAt = MonotonicInstant(nanoseconds: 0)

  package init(patience: TimeInterval) { self.patience = patience }

  package mutating func passes(_ text: String, at now: MonotonicInstant) -> Bool {
    guard text != last else { return false }
    let sameKind = text.filter { !$0.isNumber } == last.filter { !$0.isNumber }
    guard !sameKind || shownAt + patience <= now else { return false }
    last = text
    shownAt = now
    return true
  }
}
