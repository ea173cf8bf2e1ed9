/// The report as a person reads it.
package enum CallReportText {
  package static func render(_ report: CallReport) -> String {
    var lines: [String] = []
    func row(_ name: String, _ value: String) {
      lines.append("  " + name + String(repeating: " ", count: max(1, 26 - name.count)) + value)
    }
    let calls = report.rooms == 1 ? "one room" : "\(report.rooms) rooms"
    lines.append("")
    lines.append("\(report.participants) participants in \(calls), \(fixed(report.duration_s, 1)) s")
    if let alarm = KeyReportText.alarm(report) { lines += ["", "!! \(alarm)"] }
    lines.append("")
    row("frames sent", grouped(report.frames_sent))
    row("frames decrypted", grouped(report.frames_decrypted))
    row(
      "missing / failed / wrong", "\(report.frames_missing) / \(report.decrypt_failures) / \(report.content_mismatches)"
    )
    lines.append("")
    row("audio latency", latency(report.latency_us.audio))
    row("video latency", latency(report.latency_us.video))
    row("join to first frame", "p50 \(fixed(report.join_ms.p50, 0)) ms, p95 \(fixed(report.join_ms.p95, 0)) ms")
    row(
      "speech quality (MOS)",
      report.mos.min == 0 ? "no audio heard" : "min \(fixed(report.mos.min, 2)), p50 \(fixed(report.mos.p50, 2))")
    lines.append("")
    for (name, value) in KeyReportText.suites(report) { row(name, value) }
    lines.append("")
    for (name, value) in KeyReportText.changes(report) { row(name, value) }
    row(
      "departed members",
      "opened \(report.departed_frames_opened) of \(grouped(report.departed_frames_tried)) later frames")
    lines.append("")
    row("packets forwarded", report.packets_forwarded.map(grouped) ?? "unknown")
    row("relay CPU per packet", report.relay_cpu_us_per_packet.map { "\(fixed($0, 2)) us" } ?? "unknown")
    row("relay memory", report.relay_rss_bytes.map { "\(fixed(Double($0) / 1_048_576, 1)) MiB" } ?? "unknown")
    row("loss at the relay", report.loss_percent.map { "\(fixed($0, 3)) %" } ?? "unknown")
    for (reason, count) in report.relay_drops.sorted(by: { $0.key < $1.key }) where count > 0 {
      row("  dropped: \(reason)", grouped(count))
    }
    lines.append("")
    // Said again where everybody looks.
    if let alarm = KeyReportText.alarm(report) { lines.append("!! \(alarm)") }
    lines.append(report.verdict == "pass" ? "verdict: pass" : "verdict: FAIL")
    for failure in report.failures { lines.append("  - \(failure)") }
    return lines.joined(separator: "\n")
  }

  private static func latency(_ value: CallReport.Latency) -> String {
    value.p99 == 0
      ? "nothing received"
      : "p50 \(fixed(value.p50, 0)) us, p95 \(fixed(value.p95, 0)) us, p99 \(fixed(value.p99, 0)) us"
  }

  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "-" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let sign = value < 0 && scaled != 0 ? "-" : ""
    let whole = scaled / Int64(scale)
    guard digits > 0 else { return sign + String(whole) }
    let part = String(scaled % Int64(scale))
    return sign + "\(whole)." + String(repeating: "0", count: digits - part.count) + part
  }

  package static func grouped(_ value: UInt64) -> String {
    var digits = Array(String(value))
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: index)
      index -= 3
    }
    return String(digits)
  }
}
