import DatagramIO
import NIOCore
import NIOPosix
import WireBytes

/// Takes every scenario's measurements, the servers of one scenario in turn, so that what the machine does meanwhile
/// meets all of them.
struct BenchRun: Sendable {
  /// Above so many members, sockets are read less often: reading all of them is the generator's largest cost.
  private static let manyMembers = 300
  /// What joining leaves to do is over after this: requests for key frames that do not come take 5 s, and memory goes back
  /// to the system after 10.
  private static let settling = Duration.seconds(12)
  /// Few members send few checks, and a ping each 20 s: less than that would measure chance.
  private static func idleWindow(members: Int) -> Duration { .seconds(members <= 8 ? 20 : 4) }

  let arms: BenchArms
  let group: any EventLoopGroup
  let progress: @Sendable (String) -> Void

  /// Runs one scenario on all servers and adds what it finds; what goes wrong is in the report's failures.
  func run(_ scenario: BenchScenario, into report: inout BenchReport) async {
    do { try await measure(scenario, into: &report) } catch {
      report.failures.append("\(scenario.topology.name): \(error)")
      progress("\(scenario.topology.name): \(error)")
    }
  }

  private func measure(_ scenario: BenchScenario, into report: inout BenchReport) async throws {
    let many = scenario.topology.members > Self.manyMembers
    let driver = try MediaDriver(
      localAddress: Endpoint(ipv4: 0x7F00_0001, port: 0), readInterval: .milliseconds(many ? 10 : 2))
    defer { driver.stop() }
    progress("\(scenario.topology.name): starting the servers")
    // A bundle is passed on to everyone in the room: a real one, in a room of a thousand, is the start of another test.
    let servers = try await arms.start(
      scenario, driver: driver, on: group, bundleBytes: scenario.topology.membersPerRoom > 100 ? 64 : 4096)
    var stages: [Stage] = []
    var idle: [ProcessSample?] = []
    do {
      for entry in servers {
        progress("\(scenario.topology.name): \(scenario.topology.members) members enter \(entry.name)")
        let before = ProcessSample(entry.server.process)
        let stage = try await Stage.prepare(entry.name, entry.server, scenario.topology, driver: driver)
        stages.append(stage)
        idle.append(before)
      }
      try await measure(scenario, stages, before: idle, into: &report)
    } catch {
      await end(stages, of: scenario, into: &report)
      for entry in servers.dropFirst(stages.count) { _ = await entry.server.stop() }
      throw error
    }
    await end(stages, of: scenario, into: &report)
  }

  /// A server that does not end well has failed, whatever it did before.
  private func end(_ stages: [Stage], of scenario: BenchScenario, into report: inout BenchReport) async {
    for stage in stages {
      if let complaint = await stage.end() { report.failures.append("\(scenario.topology.name): \(complaint)") }
    }
  }

  private func measure(
    _ scenario: BenchScenario, _ stages: [Stage], before: [ProcessSample?], into report: inout BenchReport
  ) async throws {
    try await Task.sleep(for: Self.settling)
    let quietStart = stages.map { ProcessSample($0.server.process) }
    let start = MonotonicClock.now()
    try await Task.sleep(for: Self.idleWindow(members: scenario.topology.members))
    let seconds = Double(MonotonicClock.now().nanoseconds(since: start)) / 1e9
    let quietEnd = stages.map { ProcessSample($0.server.process) }
    for load in scenario.loads {
      for pair in 0..<scenario.pairs {
        for offset in stages.indices {
          // Whoever comes first in one pair comes later in the next.
          let stage = stages[(offset + pair) % stages.count]
          progress("\(load.name(on: scenario.topology)): \(stage.name), \(pair + 1) of \(scenario.pairs)")
          report.windows.append(
            try await Measurement(window: scenario.window).take(load, on: stage, pair: pair))
        }
      }
    }
    for (index, stage) in stages.enumerated() {
      guard let first = quietStart[index], let last = quietEnd[index], let empty = before[index] else { continue }
      let now = ProcessSample(stage.server.process)
      func growth(_ sample: ProcessSample?) -> Double? {
        guard let used = sample?.proportionalBytes ?? sample?.residentBytes else { return nil }
        let base = empty.proportionalBytes ?? empty.residentBytes
        return (Double(used) - Double(base)) / Double(stage.topology.members)
      }
      report.memory.append(
        BenchReport.Memory(
          scenario: stage.topology.name, arm: stage.name, members: stage.topology.members,
          bytes_per_member_idle: growth(last), bytes_per_member_with_media: growth(now),
          idle_ms_per_second: 1_000 * (last.cpuSeconds - first.cpuSeconds) / seconds, threads: last.threads,
          srtp_profile: await stage.profile()))
    }
  }
}
