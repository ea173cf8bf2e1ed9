package import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOPosix
import WireBytes

/// `sfu-loadgen bench`.
package struct BenchCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures what forwarding costs a relay: CPU time per packet, latency, memory, joins.",
    discussion: """
      Starts everything that it measures on loopback. Members are media connections with real ICE and DTLS-SRTP, without \
      end-to-end keys, so that the load generator costs little beside the server. With --janus the same is done to Janus, \
      in turn with the relay. `--only joins` measures the joins alone.
      """)

  @Flag(help: "Fewer scenarios and shorter: about two minutes instead of ten.")
  var quick = false
  @Option(help: "Folder with one folder of Janus' configuration files for each configuration to measure.")
  var janus: String?
  @Option(help: "Library that lets Janus offer loopback addresses; see Bench/peers.")
  var janusPreload: String?
  @Option(help: "The Janus to start.")
  var janusExecutable = "/usr/bin/janus"
  @Option(help: "Length of each measurement, 1 to 60 seconds. (default: 2, 1 with --quick)")
  var seconds: UInt64?
  @OptionGroup var options: BenchOptions

  package init() {}

  package func run() async throws {
    let arms = try arms()
    try options.checkReportFile()
    let plan = quick ? BenchPlan.quick : BenchPlan.full
    let scenarios = try scenarios(of: plan)
    let hasJoins = options.includes("joins")
    try options.requireChoice(!scenarios.isEmpty || hasJoins, of: plan.scenarios, and: "joins")
    let display = ProgressLine(enabled: !options.quiet)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { group.shutdownGracefully { _ in } }
    var report = BenchReport(kind: "bench", quick: quick, arms: arms)
    let bench = BenchRun(arms: arms, group: group, progress: { display.show($0) })
    for scenario in scenarios { await bench.run(scenario, into: &report) }
    if hasJoins {
      let storm = JoinStorm(
        rate: plan.storm.rate, seconds: plan.storm.seconds, arms: arms, group: group, progress: { display.show($0) })
      await storm.run(into: &report)
      await Self.joinSealed(seconds: plan.sealedSeconds, into: &report) { display.show($0) }
    }
    display.clear()
    report.summarise()
    try options.publish(report)
  }

  private func scenarios(of plan: BenchPlan) throws -> [BenchScenario] {
    guard seconds.map({ (1...60).contains($0) }) ?? true else {
      throw CommandError("--seconds \(seconds ?? 0): 1 to 60")
    }
    return options.chosen(of: plan.scenarios).map { scenario in
      var chosen = scenario
      if let seconds { chosen.window = .seconds(seconds) }
      return chosen
    }
  }

  private func arms() throws -> BenchArms {
    guard let janus else {
      guard janusPreload == nil else { throw CommandError("--janus-preload: only with --janus") }
      return BenchArms(janus: nil, hasFloor: !options.noFloor)
    }
    guard let janusPreload else { throw CommandError("--janus: needs --janus-preload, see Bench/peers") }
    for path in [janus, janusPreload, janusExecutable] where !FileBytes.exists(path) {
      throw CommandError("\(path): is not there")
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: janus).filter { name in
      FileBytes.exists("\(janus)/\(name)/janus.jcfg")
    }.sorted()
    guard !names.isEmpty else { throw CommandError("--janus \(janus): no folder in it holds a janus.jcfg") }
    return BenchArms(
      janus: .init(executable: janusExecutable, folder: janus, preload: janusPreload, configurations: names),
      hasFloor: !options.noFloor)
  }

  /// Whole participants, keys and all, in a call that is up.
  private static func joinSealed(
    seconds: UInt64, into report: inout BenchReport, progress: @escaping @Sendable (String) -> Void
  ) async {
    var scenario = CallScenario()
    scenario.participants = 3
    scenario.duration = .seconds(seconds)
    scenario.churnPerMinute = 90
    do {
      let call = try await CallRunner(
        scenario, relay: nil, metricsPort: nil, shards: nil, progress: progress
      ).run()
      report.sealed_joins.append(
        BenchReport.SealedJoin(
          scenario: "3-party call, 90 changes a minute", p50_ms: call.join_ms.p50, p95_ms: call.join_ms.p95,
          verdict: call.verdict))
      if call.verdict != "pass" { report.failures.append("sealed joins: " + call.failures.joined(separator: "; ")) }
    } catch {
      report.failures.append("sealed joins: \(error)")
    }
  }
}

extension BenchReport {
  init(kind: String, quick: Bool, arms: BenchArms) {
    self.init(
      kind: kind, date: Date.now.formatted(.iso8601),
      command: CommandLine.arguments.dropFirst().joined(separator: " "), quick: quick, machine: .current(),
      arms: arms.descriptions)
  }
}
