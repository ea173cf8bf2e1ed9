import ArgumentParser
import FoundationEssentials
import LoadGen
import Testing
import WireBytes

@Suite struct BenchReportTests {
  /// A report with windows of (server, pair, CPU per packet, why it is not valid), of these scenarios or all of one.
  private func report(_ windows: [(String, Int, Double, String)], of scenarios: [String] = []) throws -> BenchReport {
    let texts = windows.enumerated().map { index, window in
      let (arm, pair, cost, reason) = window
      return """
        {"scenario": "\(scenarios.isEmpty ? "s" : scenarios[index])", "arm": "\(arm)", "pair": \(pair),
         "seconds": 2, "packets_in": 10, "packets_expected": 100,
         "packets_received": 100, "loss_percent": 0, "bytes_per_packet": 1216, "cpu_us_per_packet": \(cost),
         "server_cpu_percent": 1, "context_switches_per_packet": 0.5, "resident_bytes": 1, "threads": 1,
         "datagrams_per_send_call": null, "segmented_percent": null, "latency_p50_us": 1, "latency_p99_us": 2,
         "lateness_p99_us": 3, "loadgen_cpu_percent": 4, "loadgen_drops": 0, "packets_opened": 1, "packets_bad": 0,
         "invalid_because": "\(reason)"}
        """
    }
    let text = """
      {"kind": "bench", "date": "", "command": "", "quick": true, "arms": {}, "rows": [], "memory": [], "storms": [],
       "sealed_joins": [], "soak": [], "spreads": [], "failures": [], "windows": [\(texts.joined(separator: ","))],
       "machine": {"cpu": "", "cores": 2, "kernel": "", "memory_bytes": 0, "load_average_before": ""}}
      """
    var report = try JSONDecoder().decode(BenchReport.self, from: Data(text.utf8))
    report.summarise()
    return report
  }

  @Test func `a server's cost is the median of its windows, and its ratio the median of the pairs' ratios`() throws {
    let rows = try report([
      ("relay", 0, 2, ""), ("other", 0, 10, ""), ("relay", 1, 1, ""), ("other", 1, 9, ""), ("relay", 2, 4, ""),
      ("other", 2, 12, ""),
    ]).rows
    #expect(rows.map(\.arm) == ["relay", "other"])
    #expect(rows[0].cpu_us_per_packet == 2 && rows[0].times_relay == 1)
    // 10 / 2, 9 / 1, 12 / 4
    #expect(rows[1].cpu_us_per_packet == 10 && rows[1].times_relay == 5)
  }

  @Test func `windows that the load generator spoilt do not count, and a row of nothing else is not valid`() throws {
    let rows = try report([
      ("relay", 0, 2, ""), ("relay", 1, 90, "late"), ("other", 0, 7, "late"), ("other", 1, 8, "late"),
    ]).rows
    #expect(rows[0].cpu_us_per_packet == 2 && rows[0].valid && rows[0].windows == 1)
    #expect(!rows[1].valid && rows[1].note == "late")
  }

  @Test func `what is flat is told for subscribers and rooms apart, by the relay's valid rows`() throws {
    let report = try report(
      [
        ("relay", 0, 3, ""), ("relay", 0, 4, ""), ("C floor", 0, 90, ""), ("relay", 0, 5, ""), ("relay", 0, 8, ""),
        ("relay", 0, 70, "late"),
      ],
      of: ["1 to 10", "1 to 100", "1 to 100", "1 to 5", "20 rooms of 1 to 5", "1 to 7"].map {
        "\($0), 20,000 packets/s out"
      })
    let spreads = ScalePlan(quick: true, rate: 20_000).spreads(in: report.rows)
    #expect(spreads.map(\.over) == ["subscribers", "rooms"])
    #expect(spreads.map(\.least_us_per_packet) == [3, 5])
    #expect(spreads.map(\.most_us_per_packet) == [4, 8])
    #expect(
      ScalePlan(quick: true, rate: 20_000).spreads(in: Array(report.rows.prefix(1))).isEmpty, "one size says nothing")
  }

  @Test func `what reaches receivers follows from who is in the rooms`() {
    let call = Topology.call(8)
    #expect(call.senders == 8 && call.receiversOfOne == 7 && call.members == 8)
    let fan = Topology.fanOut(31, rooms: 3)
    #expect(fan.senders == 1 && fan.receiversOfOne == 31 && fan.members == 96)
  }

  @Test(arguments: [(1.0, 31), (50_000, 31), (100_000, 1), (1_000, 100)])
  func `a load's rate is what leaves the server`(rate: Double, receivers: Int) throws {
    let topology = Topology.fanOut(receivers)
    let shape = try #require(Load.video(out: rate, of: topology).video)
    #expect(abs(shape.packetsPerSecond * Double(receivers) / rate - 1) < 0.001)
    #expect((1...8).contains(shape.packetsPerFrame))
  }

  @Test func `growth is told apart from the filling of caches`() {
    func points(_ values: [UInt64]) -> [BenchReport.Soak.Point] {
      values.enumerated().map { .init(at_s: Double($0.offset), resident_bytes: $0.element) }
    }
    #expect(SoakRun.growth(points([10, 90, 100, 100, 100, 100, 100, 100])) == 0)
    #expect(SoakRun.growth(points([100, 100, 100, 100, 110, 120, 130, 130])) == 30)
    #expect(SoakRun.growth([]) == 0)
  }

  @Test(arguments: [
    (["--janus-preload", "x.so"], "--janus-preload: only with --janus"), (["--janus", "/"], "--janus: needs"),
    (["--janus", "/", "--janus-preload", "/none"], "/none: is not there"), (["--only", "nothing"], "--only nothing: "),
  ])
  func `a wrong flag is one line before anything starts`(arguments: [String], expected: String) async throws {
    let command = try BenchCommand.parse(arguments)
    await #expect { try await command.run() } throws: { "\($0)".hasPrefix(expected) }
  }

  @Test(arguments: [["--duration", "5s"], ["--max-spread", "0"], ["--max-growth", "101"], ["--only", "1 to 9,"]])
  func `so is one of the scale command`(arguments: [String]) async throws {
    let command = try ScaleCommand.parse(arguments)
    await #expect { try await command.run() } throws: { "\($0)".hasPrefix(arguments[0]) }
  }
}
