// From counters to one window's figures.
extension BenchReport.Window {
  /// A generator that runs later than this with one frame in a hundred does not send what the scenario says.
  static let lateLimitMicroseconds = 5_000.0

  init(scenario: String, arm: String, pair: Int, seconds: Double, tallies: Stage.Tallies) {
    self.scenario = scenario
    self.arm = arm
    self.pair = pair
    self.seconds = seconds
    packets_in = tallies.total.packetsSent
    packets_expected = tallies.expected
    packets_received = tallies.total.packetsReceived
    // Duplicates would be less than no loss; they are none of any server's habits.
    loss_percent =
      tallies.expected == 0
      ? 0 : 100 * (1 - Double(min(packets_received, tallies.expected)) / Double(tallies.expected))
    bytes_per_packet = packets_received == 0 ? 0 : Double(tallies.total.bytesReceived) / Double(packets_received)
    loadgen_drops = tallies.kernelDrops + tallies.total.sendDrops
    packets_opened = tallies.total.opened
    packets_bad = tallies.total.bad
  }

  mutating func add(_ before: ProcessSample, _ after: ProcessSample) {
    let cpu = after.cpuSeconds - before.cpuSeconds
    let packets = Double(max(packets_received, 1))
    cpu_us_per_packet = cpu * 1e6 / packets
    server_cpu_percent = 100 * cpu / seconds
    let switches = after.contextSwitches > before.contextSwitches ? after.contextSwitches - before.contextSwitches : 0
    context_switches_per_packet = Double(switches) / packets
    resident_bytes = after.residentBytes
    threads = after.threads
  }

  mutating func add(latency: Samples, lateness: Samples, loadgenCPU: Double) {
    let values = latency.percentiles([0.5, 0.99])
    (latency_p50_us, latency_p99_us) = (values[0], values[1])
    lateness_p99_us = lateness.percentile(0.99)
    loadgen_cpu_percent = 100 * loadgenCPU
    invalid_because = reasons.joined(separator: "; ")
  }

  mutating func add(_ before: SendCounters, _ after: SendCounters) {
    let (datagrams, calls) = (after.datagrams &- before.datagrams, after.calls &- before.calls)
    guard calls > 0, datagrams > 0 else { return }
    datagrams_per_send_call = Double(datagrams) / Double(calls)
    segmented_percent = 100 * Double(after.segmented &- before.segmented) / Double(datagrams)
  }

  private var reasons: [String] {
    var reasons: [String] = []
    if packets_received == 0 { reasons.append("nothing arrived") }
    if packets_bad > 0 { reasons.append("\(packets_bad) packets did not open or were not what was sent") }
    if loadgen_drops > 0 { reasons.append("the load generator lost \(loadgen_drops) packets itself") }
    if lateness_p99_us > Self.lateLimitMicroseconds {
      reasons.append("the load generator sent late (p99 \(CallReportText.fixed(lateness_p99_us / 1_000, 1)) ms)")
    }
    return reasons
  }
}

extension BenchReport {
  /// The medians of all windows of each scenario and arm, in the order in which they were taken.
  package mutating func summarise() {
    rows = []
    var seen: Set<String> = []
    for window in windows where seen.insert("\(window.scenario)|\(window.arm)").inserted {
      rows.append(row(window.scenario, window.arm))
    }
  }

  private func row(_ scenario: String, _ arm: String) -> Row {
    let all = windows.filter { $0.scenario == scenario && $0.arm == arm }
    let valid = all.filter { $0.invalid_because.isEmpty }
    let used = valid.isEmpty ? all : valid
    func median(_ value: (Window) -> Double) -> Double { Self.median(used.map(value)) }
    let relay = Dictionary(
      windows.filter { $0.scenario == scenario && $0.arm == "relay" }.map { ($0.pair, $0.cpu_us_per_packet) },
      uniquingKeysWith: { first, _ in first })
    let ratios = used.compactMap { window in relay[window.pair].map { window.cpu_us_per_packet / $0 } }
    let calls = used.compactMap(\.datagrams_per_send_call)
    return Row(
      scenario: scenario, arm: arm, windows: used.count, valid: !valid.isEmpty,
      note: valid.isEmpty ? (all.first?.invalid_because ?? "") : "",
      packets_per_second: median { Double($0.packets_received) / $0.seconds },
      cpu_us_per_packet: median(\.cpu_us_per_packet), times_relay: ratios.isEmpty ? nil : Self.median(ratios),
      latency_p50_us: median(\.latency_p50_us), latency_p99_us: median(\.latency_p99_us),
      loss_percent: median(\.loss_percent), context_switches_per_packet: median(\.context_switches_per_packet),
      datagrams_per_send_call: calls.isEmpty ? nil : Self.median(calls),
      server_cpu_percent: median(\.server_cpu_percent), lateness_p99_us: median(\.lateness_p99_us),
      loadgen_cpu_percent: median(\.loadgen_cpu_percent))
  }

  package static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
