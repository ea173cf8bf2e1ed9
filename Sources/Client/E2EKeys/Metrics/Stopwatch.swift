/// Measures what an operation costs. The owner of the keys supplies the clock; nothing in here reads one.
package struct Stopwatch: Sendable {
  private let read: @Sendable () -> UInt64

  /// `read` returns nanoseconds that never go back.
  package init(read: @escaping @Sendable () -> UInt64) { self.read = read }

  /// Measures nothing: every duration is zero.
  package static let stopped = Stopwatch { 0 }

  /// Nanoseconds now.
  func now() -> UInt64 { read() }
}
