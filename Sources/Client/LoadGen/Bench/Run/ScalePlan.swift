import WireBytes

/// How the relay's cost grows with the number of subscribers and of rooms, at a constant rate of packets.
///
/// Bursts come equally often and hold equally many packets for each receiver whatever the size, so that all that changes
/// is the number of members.
struct ScalePlan: Sendable {
  /// Packets a second that leave the relay.
  private static let rate = 20_000.0
  private static let burst = 8
  /// With their publisher the largest are a thousand, which is what a room may have.
  private static let subscribers = [10, 50, 200, 999]
  private static let rooms = [1, 10, 50, 200]
  private static let subscribersOfSmallRooms = 5

  var scenarios: [BenchScenario]

  init(quick: Bool) {
    let sizes = quick ? [10, 100] : Self.subscribers
    let counts = quick ? [1, 20] : Self.rooms
    let topologies =
      sizes.map { Topology.fanOut($0) } + counts.map { Topology.fanOut(Self.subscribersOfSmallRooms, rooms: $0) }
    scenarios = topologies.map { topology in
      BenchScenario(
        topology: topology, loads: [.video(out: Self.rate, of: topology, packetsPerFrame: Self.burst)],
        pairs: quick ? 1 : 3, window: .seconds(4), settings: ["rooms.maxMembers=1000"])
    }
  }
}
