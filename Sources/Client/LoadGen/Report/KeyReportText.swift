/// The part of the report that is about keys, as a person reads it.
enum KeyReportText {
  typealias Row = (name: String, value: String)

  /// Beyond so many key changes only the slowest ones are listed.
  private static let listed = 6

  /// One loud sentence, if a call came down to ML-KEM-768.
  static func alarm(_ report: CallReport) -> String? {
    guard report.keys.calls_with_fallback > 0 else { return nil }
    return "FALLBACK to ML-KEM-768 in \(report.keys.calls_with_fallback) of \(report.rooms) calls "
      + "(\(report.keys.fallback_suites.joined(separator: ", "))); ML-KEM-1024 in every call is the goal"
  }

  static func suites(_ report: CallReport) -> [Row] {
    let (keys, fixed) = (report.keys, CallReportText.fixed)
    let percent = fixed(keys.handshakes_at_1024_percent, 1)
    let calls = report.rooms - keys.calls_with_fallback
    var rows: [Row] = [
      ("at ML-KEM-1024", "\(percent) % of handshakes, \(calls) of \(report.rooms) calls (goal: all)")
    ]
    for (suite, counts) in keys.handshakes.sorted(by: { $0.key < $1.key }) {
      rows.append(
        ("  \(suite)", "\(counts.made) wrapped, \(counts.opened) unwrapped, \(counts.refused) refused"))
    }
    rows.append(
      (
        "post-quantum per join",
        "p50 \(fixed(keys.pq_join_ms.p50, 2)) ms, p95 \(fixed(keys.pq_join_ms.p95, 2)) ms (goal with 8: under 10 ms)"
      ))
    for (name, time) in keys.operations_ms.sorted(by: { $0.key < $1.key }) {
      let spread = "p50 \(fixed(time.p50, 3)) ms, p95 \(fixed(time.p95, 3)) ms"
      rows.append(("  \(name.replacing("_", with: " "))", "\(spread), \(CallReportText.grouped(time.count)) times"))
    }
    rows.append(
      (
        "sealed messages",
        "\(CallReportText.grouped(keys.sealed_messages)), \(CallReportText.grouped(keys.sealed_bytes / 1_024)) KiB"
      ))
    for failure in keys.decrypt_failures {
      rows.append(("  tried in vain to open", "\(failure.count) x \(failure.cause), epoch: \(failure.age)"))
    }
    return rows
  }

  static func changes(_ report: CallReport) -> [Row] {
    let fixed = CallReportText.fixed
    var rows: [Row] = [("rekeys in the call", text(report.rekey_converged_ms))]
    if report.rekey_converged_ms.by_cause.count > 1 {
      for (cause, times) in report.rekey_converged_ms.by_cause.sorted(by: { $0.key < $1.key }) {
        rows.append(("  \(cause)", text(times)))
      }
    }
    for rekey in notable(report.rekeys) {
      let time = rekey.converged_ms.map { "\(fixed($0, 1)) ms" } ?? "never converged"
      let room = report.rooms > 1 ? "room \(rekey.room), " : ""
      rows.append(("  epoch \(rekey.epoch)", "\(time)  (\(room)\(rekey.cause), at \(fixed(rekey.at_s, 1)) s)"))
    }
    rows.append(("rekeys before it", text(report.setup_rekey_converged_ms)))
    let window = report.removal_window_ms
    rows.append(("removal window", "p50 \(fixed(window.p50, 0)) ms, p95 \(fixed(window.p95, 0)) ms"))
    return rows
  }

  private static func notable(_ rekeys: [CallReport.RekeyResult]) -> [CallReport.RekeyResult] {
    let inCall = rekeys.filter { $0.at_s >= 0 || $0.converged_ms == nil }
    guard inCall.count > listed else { return inCall }
    let slowest = inCall.sorted { ($0.converged_ms ?? .infinity) > ($1.converged_ms ?? .infinity) }.prefix(listed / 2)
    return slowest.sorted { $0.at_s < $1.at_s }
  }

  private static func text(_ times: CallReport.Convergence.Times) -> String {
    let fixed = CallReportText.fixed
    guard times.count > 0 else { return "none" }
    return "\(times.count): p50 \(fixed(times.p50, 0)) ms, p95 \(fixed(times.p95, 0)) ms, max \(fixed(times.max, 0)) ms"
  }

  private static func text(_ convergence: CallReport.Convergence) -> String { text(convergence.all) }
}
