package import E2EKeys
import WireBytes

/// What a run found about keys: which suites carried them, what they cost, and what did not open. Numbers only.
package struct KeyReport: Codable, Sendable {
  package struct Handshakes: Codable, Sendable, Equatable {
    /// Keys wrapped for others.
    package var made: UInt64
    /// Keys unwrapped.
    package var opened: UInt64
    /// Keys that did not unwrap, or that policy refused.
    package var refused: UInt64
  }

  package struct Operation: Codable, Sendable, Equatable {
    package var count: UInt64
    package var p50: Double
    package var p95: Double
  }

  package struct OpenFailures: Codable, Sendable, Equatable {
    package var cause: String
    /// Of the frame's epoch, against the one in use.
    package var age: String
    package var count: UInt64
  }

  /// Of all handshakes; the goal is 100.
  package var handshakes_at_1024_percent: Double
  /// Of all calls (rooms): those whose every epoch was at ML-KEM-1024; the goal is 100.
  package var calls_at_1024_percent: Double
  package var calls_with_fallback: Int
  /// The suites below ML-KEM-1024 that carried an epoch's key.
  package var fallback_suites: [String]
  package var handshakes: [String: Handshakes]
  /// By operation, in milliseconds.
  package var operations_ms: [String: Operation]
  /// Time that post-quantum operations add to a join: the joiner's own until its first epoch, and the committer's
  /// encapsulation and signature.
  package var pq_join_ms: CallReport.Spread
  package var decrypt_failures: [OpenFailures]
  /// Sealed messages of the key protocol, heartbeats included; one to the whole group counts once.
  package var sealed_messages: UInt64
  package var sealed_bytes: UInt64

  /// `fallbacks`: for each room the suites below ML-KEM-1024 that its epochs came down to.
  package init(_ members: [KeyMetrics], fallbacks: [Set<KeyAgreementSuite>]) {
    let all = members.reduce(into: KeyMetrics()) { $0.merge($1) }
    let done = all.handshakes.map { (suite: $0.key, count: $0.value.made + $0.value.opened) }
    handshakes_at_1024_percent = Self.percent(
      done.filter(\.suite.is1024).reduce(0) { $0 + $1.count }, of: done.reduce(0) { $0 + $1.count })
    calls_with_fallback = fallbacks.filter { !$0.isEmpty }.count
    calls_at_1024_percent = Self.percent(UInt64(fallbacks.count - calls_with_fallback), of: UInt64(fallbacks.count))
    fallback_suites = fallbacks.reduce(into: Set()) { $0.formUnion($1) }.sorted(by: >).map(\.name)
    handshakes = all.handshakes.reduce(into: [:]) {
      $0[$1.key.name] = Handshakes(made: $1.value.made, opened: $1.value.opened, refused: $1.value.refused)
    }
    operations_ms = all.durations.reduce(into: [:]) {
      $0[$1.key.label] = Operation(
        count: $1.value.count, p50: $1.value.quantile(0.5).seconds * 1_000,
        p95: $1.value.quantile(0.95).seconds * 1_000)
    }
    let committer = Self.mean(all.durations[.encapsulate]) + Self.mean(all.durations[.sign])
    let joins = members.compactMap(\.joinCost).reduce(into: Samples()) { $0.add($1.seconds * 1_000 + committer) }
    pq_join_ms = CallReport.Spread(joins)
    decrypt_failures = all.openFailures.map {
      OpenFailures(cause: $0.key.cause.label, age: $0.key.age.rawValue, count: $0.value)
    }.sorted { ($0.cause, $0.age) < ($1.cause, $1.age) }
    sealed_messages = all.messagesSent
    sealed_bytes = all.bytesSent
  }

  /// 100 of nothing: what did not take place has not missed the goal.
  private static func percent(_ part: UInt64, of whole: UInt64) -> Double {
    whole == 0 ? 100 : 100 * Double(part) / Double(whole)
  }

  /// In milliseconds.
  private static func mean(_ durations: DurationHistogram?) -> Double {
    guard let durations, durations.count > 0 else { return 0 }
    return durations.sum.seconds * 1_000 / Double(durations.count)
  }
}
