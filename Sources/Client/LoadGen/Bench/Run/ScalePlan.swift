import WireBytes

/// How the relay's cost grows with the number of subscribers and of rooms, at a constant rate of packets.
///
/// Bursts come equally often and hold equally many packets for each receiver whatever the size, so that all that changes
/// is the number of members.
package struct ScalePlan: Sendable {
  private static let burst = 8
  /// With their publisher the largest are a thousand, which is what a room may have.
  private static let subscribers = [10, 50, 200, 999]
  private static let rooms = [1, 10, 50, 200]
  private static let subscribersOfSmallRooms = 5

  /// One after the other, from few to many; flat is what holds within each.
  private(set) var sweeps: [(name: String, scenarios: [BenchScenario])]

  /// `rate`: packets a second that leave the relay.
  package init(quick: Bool, rate: Double) {
    let sizes = quick ? [10, 100] : Self.subscribers
    let counts = quick ? [1, 20] : Self.rooms
    func scenarios(_ topologies: [Topology]) -> [BenchScenario] {
      topologies.map { topology in
        BenchScenario(
          topology: topology, loads: [.video(out: rate, of: topology, packetsPerFrame: Self.burst)],
          pairs: quick ? 1 : 3, window: .seconds(4), settings: ["rooms.maxMembers=1000"])
      }
    }
    sweeps = [
      ("subscribers", scenarios(sizes.map { .fanOut($0) })),
      ("rooms", scenarios(counts.map { .fanOut(Self.subscribersOfSmallRooms, rooms: $0) })),
    ]
  }

  var scenarios: [BenchScenario] { sweeps.flatMap(\.scenarios) }

  /// The relay's cost in each sweep that was measured at more than one size.
  package func spreads(in rows: [BenchReport.Row]) -> [BenchReport.Spread] {
    sweeps.compactMap { sweep in
      let names = Set(sweep.scenarios.flatMap { scenario in scenario.loads.map { $0.name(on: scenario.topology) } })
      let costs = rows.filter { $0.valid && $0.arm == BenchArms.relay && names.contains($0.scenario) }
        .map(\.cpu_us_per_packet)
      guard costs.count > 1, let least = costs.min(), let most = costs.max(), least > 0 else { return nil }
      return BenchReport.Spread(over: sweep.name, least_us_per_packet: least, most_us_per_packet: most)
    }
  }
}
