/// A bench report as a person reads it.
enum BenchTable {
  static func render(_ report: BenchReport) -> String {
    var parts = [header(report)]
    if !report.rows.isEmpty { parts.append(rows(report.rows)) }
    if !report.memory.isEmpty { parts.append(memory(report.memory)) }
    if !report.storms.isEmpty { parts.append(storms(report.storms)) }
    for join in report.sealed_joins {
      parts.append(
        "Joining with end-to-end keys, \(join.scenario), WebSocket to first decrypted frame: "
          + "p50 \(CallReportText.fixed(join.p50_ms, 0)) ms, p95 \(CallReportText.fixed(join.p95_ms, 0)) ms")
    }
    for soak in report.soak { parts.append(soakLine(soak)) }
    for failure in report.failures { parts.append("FAILED: \(failure)") }
    return parts.joined(separator: "\n\n")
  }

  private static func header(_ report: BenchReport) -> String {
    let machine = report.machine
    return "\(machine.cpu), \(machine.cores) cores, Linux \(machine.kernel), load average before "
      + "\(machine.load_average_before); 127.0.0.1, \(report.date)"
  }

  private static func rows(_ rows: [BenchReport.Row]) -> String {
    var lines: [[String]] = []
    var last = ""
    for row in rows {
      lines.append([
        row.scenario == last ? "" : row.scenario, row.arm, fixed(row.packets_per_second, 0),
        fixed(row.cpu_us_per_packet, 2), row.times_relay.map { fixed($0, 2) } ?? "-", fixed(row.latency_p50_us, 0),
        fixed(row.latency_p99_us, 0), fixed(row.loss_percent, 3), fixed(row.context_switches_per_packet, 2),
        row.datagrams_per_send_call.map { fixed($0, 1) } ?? "-", fixed(row.lateness_p99_us, 0),
        fixed(row.loadgen_cpu_percent, 0), row.valid ? "" : "INVALID: \(row.note)",
      ])
      last = row.scenario
    }
    return table(
      [
        "scenario", "server", "packets/s", "CPU us/packet", "x relay", "p50 us", "p99 us", "loss %", "switches/packet",
        "per send call", "late p99 us", "loadgen CPU %", "",
      ], lines)
  }

  private static func memory(_ rows: [BenchReport.Memory]) -> String {
    table(
      ["members in", "server", "members", "KiB/member idle", "with media", "idle ms/s", "threads", "SRTP"],
      rows.map { row in
        [
          row.scenario, row.arm, "\(row.members)", row.bytes_per_member_idle.map { fixed($0 / 1_024, 1) } ?? "-",
          row.bytes_per_member_with_media.map { fixed($0 / 1_024, 1) } ?? "-", fixed(row.idle_ms_per_second, 2),
          "\(row.threads)", row.srtp_profile,
        ]
      })
  }

  private static func storms(_ rows: [BenchReport.Storm]) -> String {
    table(
      ["joins", "server", "came in", "p50 ms", "p95 ms", "max ms", "lost in calls", "server CPU %", "late p99 us"],
      rows.map { row in
        [
          row.scenario, row.arm, "\(row.joins) of \(row.joins + row.failures)", fixed(row.join_p50_ms, 1),
          fixed(row.join_p95_ms, 1), fixed(row.join_max_ms, 1),
          "\(row.packets_lost) (\(fixed(row.loss_percent, 3)) %)", fixed(row.server_cpu_percent, 0),
          fixed(row.lateness_p99_us, 0),
        ]
      })
  }

  private static func soakLine(_ soak: BenchReport.Soak) -> String {
    let first = soak.points.first?.resident_bytes ?? 0
    let last = soak.points.last?.resident_bytes ?? 0
    return "Soak of \(fixed(soak.seconds, 0)) s: \(fixed(Double(first) / 1_048_576, 1)) MiB to "
      + "\(fixed(Double(last) / 1_048_576, 1)) MiB, growth \(fixed(soak.growth_percent, 2)) %, loss "
      + "\(fixed(soak.loss_percent, 4)) %, \(fixed(soak.cpu_us_per_packet, 2)) us/packet"
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String { CallReportText.fixed(value, digits) }

  /// The first two columns to the left, numbers to the right.
  static func table(_ header: [String], _ rows: [[String]]) -> String {
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    return ([header] + rows).map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let space = String(repeating: " ", count: widths[column] - cell.count)
        line += (column < 2 ? cell + space : space + cell) + "  "
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
