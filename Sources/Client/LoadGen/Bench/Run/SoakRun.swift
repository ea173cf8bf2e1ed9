import DatagramIO
import NIOCore
import WireBytes

/// A call that goes on and on while members come and go beside it: what is not given back shows as growth.
package struct SoakRun: Sendable {
  /// Memory is looked at so many times.
  private static let points = 40
  /// Members that come and go between two looks.
  private static let visitors = 4

  let duration: TimeInterval
  let group: any EventLoopGroup
  let progress: @Sendable (String) -> Void

  func run(into report: inout BenchReport) async {
    do {
      let driver = try MediaDriver(localAddress: Endpoint(ipv4: 0x7F00_0001, port: 0))
      defer { driver.stop() }
      let relay = try await OwnRelay.start(shards: nil, on: group)
      let server = RelayServer(relay, driver: driver, group: group)
      do {
        let stage = try await Stage.prepare(BenchArms.relay, server, .call(8, rooms: 2), driver: driver)
        report.soak.append(try await soak(stage, server))
        if let complaint = await stage.end() { report.failures.append("soak: \(complaint)") }
      } catch {
        _ = await server.stop()
        throw error
      }
    } catch {
      report.failures.append("soak: \(error)")
    }
  }

  private func soak(_ stage: Stage, _ server: RelayServer) async throws -> BenchReport.Soak {
    let visited = stage.topology.rooms
    try await server.open(room: visited)
    stage.setActive(true)
    let before = try await stage.tallies()
    let (start, cost) = (MonotonicClock.now(), ProcessSample(server.process))
    stage.start(.call)
    var points: [BenchReport.Soak.Point] = []
    for index in 0..<Self.points {
      var visitors: [any CallMember] = []
      for _ in 0..<Self.visitors { visitors.append(try await server.enter(room: visited, plan: Self.visitor)) }
      let due = start + TimeInterval(nanoseconds: duration.nanoseconds / UInt64(Self.points) * UInt64(index + 1))
      let wait = due.nanoseconds(since: MonotonicClock.now())
      try await Task.sleep(for: .nanoseconds(Int64(wait)))
      for visitor in visitors { await visitor.leave() }
      let seconds = Double(MonotonicClock.now().nanoseconds(since: start)) / 1e9
      progress("soak: \(CallReportText.fixed(seconds, 0)) of \(CallReportText.fixed(duration.seconds, 0)) s")
      guard let sample = ProcessSample(server.process) else { throw CommandError("the relay ended during the soak") }
      points.append(BenchReport.Soak.Point(at_s: seconds, resident_bytes: sample.residentBytes))
    }
    let end = ProcessSample(server.process)
    stage.pause()
    try await Task.sleep(for: .milliseconds(300))
    let tallies = try await stage.tallies() - before
    let received = Double(max(1, tallies.total.packetsReceived))
    return BenchReport.Soak(
      seconds: Double(MonotonicClock.now().nanoseconds(since: start)) / 1e9, points: points,
      growth_percent: Self.growth(points),
      loss_percent: 100 * max(0, 1 - received / Double(max(1, tallies.expected))),
      cpu_us_per_packet: 1e6 * ((end?.cpuSeconds ?? 0) - (cost?.cpuSeconds ?? 0)) / received)
  }

  private static let visitor: MemberPlan = {
    var plan = MemberPlan(audio: .audio)
    plan.audioSlots = 3
    return plan
  }()

  /// Between the medians of the second and the last quarter: in the first, pools and caches fill.
  package static func growth(_ points: [BenchReport.Soak.Point]) -> Double {
    let quarter = points.count / 4
    guard quarter > 0 else { return 0 }
    let early = BenchReport.median(points[quarter..<(2 * quarter)].map { Double($0.resident_bytes) })
    let late = BenchReport.median(points.suffix(quarter).map { Double($0.resident_bytes) })
    return early == 0 ? 0 : 100 * (late - early) / early
  }
}
