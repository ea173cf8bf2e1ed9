import DatagramIO
import NIOCore
import WireBytes

/// Members come in at a steady rate, far faster than people do, while calls are up that must not notice.
struct JoinStorm: Sendable {
  /// Members that one room of the storm takes, beside the one who talks.
  private static let roomSize = 10
  /// Joins that are on their way when the last has begun.
  private static let patience = Duration.seconds(5)

  let rate: Int
  let seconds: Int
  let arms: BenchArms
  let group: any EventLoopGroup
  let progress: @Sendable (String) -> Void

  private var joins: Int { rate * seconds }
  private var rooms: Int { max(1, (joins + Self.roomSize - 1) / Self.roomSize) }
  private var name: String { "\(rate) joins/s for \(seconds) s" }

  func run(into report: inout BenchReport) async {
    // One after the other: a storm takes all that the machine has.
    for configuration in [nil] + (arms.janus?.configurations ?? []).map(Optional.some) {
      do { report.storms.append(try await storm(configuration)) } catch {
        report.failures.append("\(name), \(configuration ?? BenchArms.relay): \(error)")
      }
    }
  }

  private func storm(_ configuration: String?) async throws -> BenchReport.Storm {
    let driver = try MediaDriver(localAddress: Endpoint(ipv4: 0x7F00_0001, port: 0), readInterval: .milliseconds(2))
    defer { driver.stop() }
    let server: any CallServer
    if let configuration, let janus = arms.janus {
      server = try await janus.start(configuration, driver: driver, on: group)
    } else {
      server = RelayServer(try await OwnRelay.start(shards: nil, on: group), driver: driver, group: group)
    }
    let arm = configuration.map { "Janus \($0)" } ?? BenchArms.relay
    do {
      progress("\(name): \(arm)")
      return try await storm(on: server, arm: arm, driver: driver)
    } catch {
      _ = await server.stop()
      throw error
    }
  }

  private func storm(on server: any CallServer, arm: String, driver: MediaDriver) async throws -> BenchReport.Storm {
    let calls = try await Stage.prepare(arm, server, .call(8, rooms: 2), driver: driver)
    // Their rooms follow those of the calls.
    let firstRoom = calls.topology.rooms
    var talkers: [any CallMember] = []
    for room in firstRoom..<(firstRoom + rooms) {
      try await server.open(room: room)
      talkers.append(try await server.enter(room: room, plan: MemberPlan(audio: .audio)))
    }
    let legs = talkers.compactMap(\.sendingLeg)
    driver.perform { driver, now in
      for (index, number) in legs.enumerated() {
        let phase = TimeInterval(nanoseconds: UInt64(index) * 20_000_000 / UInt64(legs.count))
        driver.leg(number)?.streams[0].start(.audio, at: now + phase)
      }
    }
    calls.setActive(true)
    calls.start(.call)
    try await Task.sleep(for: .milliseconds(700))
    calls.pause()
    try await Task.sleep(for: .milliseconds(120))
    let before = try await calls.tallies()
    calls.startMeasuring()
    let costBefore = ProcessSample(server.process)
    let (own, start) = (ProcessSample.ownCPUSeconds, MonotonicClock.now())
    calls.start(.call)
    let joined = await join(server, driver)
    let costAfter = ProcessSample(server.process)
    let elapsed = Double(MonotonicClock.now().nanoseconds(since: start)) / 1e9
    let ownCPU = ProcessSample.ownCPUSeconds - own
    calls.pause()
    try await Task.sleep(for: .milliseconds(200))
    let tallies = try await calls.tallies() - before
    let (latency, lateness) = try await calls.latencies()
    let times = joined.compactMap(\.milliseconds).reduce(into: Samples()) { $0.add($1) }
    let values = times.percentiles([0.5, 0.95, 1])
    let lost = tallies.expected > tallies.total.packetsReceived ? tallies.expected - tallies.total.packetsReceived : 0
    for member in joined.compactMap(\.member) + talkers { await member.leave() }
    if let complaint = await calls.end() { throw CommandError(complaint) }
    return BenchReport.Storm(
      scenario: name, arm: arm, joins: arrived(joined), failures: joined.count - arrived(joined), seconds: elapsed,
      join_p50_ms: values[0], join_p95_ms: values[1], join_max_ms: values[2],
      loss_percent: 100 * Double(lost) / Double(max(tallies.expected, 1)), packets_lost: lost,
      latency_p99_us: latency.percentile(0.99),
      server_cpu_percent: 100 * ((costAfter?.cpuSeconds ?? 0) - (costBefore?.cpuSeconds ?? 0)) / elapsed,
      lateness_p99_us: lateness.percentile(0.99), loadgen_cpu_percent: 100 * ownCPU / elapsed,
      loadgen_drops: tallies.kernelDrops + tallies.total.sendDrops)
  }

  private struct Joined: Sendable {
    var member: (any CallMember)?
    /// From the opening of the WebSocket to the first packet that was opened.
    var milliseconds: Double?
  }

  private func arrived(_ joined: [Joined]) -> Int { joined.filter { $0.milliseconds != nil }.count }

  private func join(_ server: any CallServer, _ driver: MediaDriver) async -> [Joined] {
    let start = MonotonicClock.now()
    return await withTaskGroup(of: Joined.self) { group in
      for number in 0..<joins {
        let due = start + TimeInterval(nanoseconds: UInt64(number) * 1_000_000_000 / UInt64(rate))
        let wait = due.nanoseconds(since: MonotonicClock.now())
        if wait > 0 { try? await Task.sleep(for: .nanoseconds(Int64(wait))) }
        group.addTask {
          let room = 2 + number / Self.roomSize
          guard let member = try? await server.enter(room: room, plan: MemberPlan(audioSlots: 1)),
            (try? await member.receiveOthers()) != nil
          else { return Joined() }
          return Joined(member: member, milliseconds: await firstPacket(of: member, driver))
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  private func firstPacket(of member: any CallMember, _ driver: MediaDriver) async -> Double? {
    guard let number = member.receivingLeg else { return nil }
    for _ in 0..<Int(Self.patience.components.seconds * 50) {
      let first = try? await driver.query { driver, _ in driver.leg(number)?.firstOpenedAt }
      if let first { return first.milliseconds(since: member.startedAt) }
      try? await Task.sleep(for: .milliseconds(20))
    }
    return nil
  }
}
