package import ArgumentParser
import NIOCore
import NIOPosix
import WireBytes

/// `sfu-loadgen scale`.
package struct ScaleCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "scale",
    abstract: "Measures how a relay's cost and memory grow with subscribers and rooms, and whether a long call leaks.",
    discussion: """
      The packet rate stays the same while the number of subscribers, then of rooms, grows, in turn with the C forwarder: \
      what it pays for more sockets is the machine's share. Then two calls go on for --duration while members come and \
      go beside them (`--only soak`: these alone). The exit code is 0 if the relay's cost stays within the limits.
      """)

  @Flag(help: "Two sizes of each kind only.")
  var quick = false
  @Option(help: "Packets a second that leave the relay, whatever the size.")
  var rate = 20_000.0
  @Option(help: "Length of the soak: 60s, 30m.")
  var duration = "30m"
  @Option(
    help:
      "Largest cost per packet allowed against the smallest, over all sizes of a kind; 1.5 is 20 % about the middle.")
  var maxSpread = 1.5
  @Option(help: "Memory growth allowed during the soak, percent.")
  var maxGrowth = 3.0
  @OptionGroup var options: BenchOptions

  package init() {}

  package func run() async throws {
    guard let length = CallCommand.parseDuration(duration), length.seconds >= 10, length.seconds <= 86_400 else {
      throw CommandError("--duration \(duration): a time such as 60s or 30m, 10 s to 24 h")
    }
    guard (1_000...300_000).contains(rate) else {
      throw CommandError("--rate \(CallReportText.fixed(rate, 0)): 1000 to 300000 packets a second are allowed")
    }
    guard (1...100).contains(maxSpread) else { throw CommandError("--max-spread \(maxSpread): 1 to 100 are allowed") }
    guard (0...100).contains(maxGrowth) else { throw CommandError("--max-growth \(maxGrowth): 0 to 100 are allowed") }
    try options.checkReportFile()
    let plan = ScalePlan(quick: quick, rate: rate)
    let scenarios = options.chosen(of: plan.scenarios)
    let hasSoak = options.includes("soak")
    try options.requireChoice(!scenarios.isEmpty || hasSoak, of: plan.scenarios, and: "soak")
    let display = ProgressLine(enabled: !options.quiet)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { group.shutdownGracefully { _ in } }
    let arms = BenchArms(janus: nil, hasFloor: !options.noFloor)
    var report = BenchReport(kind: "scale", quick: quick, arms: arms)
    let bench = BenchRun(arms: arms, group: group, progress: { display.show($0) })
    for scenario in scenarios { await bench.run(scenario, into: &report) }
    report.summarise()
    report.spreads = plan.spreads(in: report.rows)
    if hasSoak {
      await SoakRun(duration: length, group: group, progress: { display.show($0) }).run(into: &report)
    }
    judge(&report)
    display.clear()
    try options.publish(report)
  }

  private func judge(_ report: inout BenchReport) {
    for spread in report.spreads where spread.most_us_per_packet > maxSpread * spread.least_us_per_packet {
      report.failures.append(
        "over \(spread.over), the cost per packet goes from \(CallReportText.fixed(spread.least_us_per_packet, 2)) to "
          + "\(CallReportText.fixed(spread.most_us_per_packet, 2)) us")
    }
    for soak in report.soak where soak.growth_percent > maxGrowth {
      report.failures.append("memory grew by \(CallReportText.fixed(soak.growth_percent, 1)) % during the soak")
    }
  }
}
