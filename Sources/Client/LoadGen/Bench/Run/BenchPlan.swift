import WireBytes

/// What a bench run measures.
struct BenchPlan: Sendable {
  var scenarios: [BenchScenario]
  /// Joins a second and for how long.
  var storm: (rate: Int, seconds: Int)
  /// Length of the call with end-to-end keys in which members join, seconds.
  var sealedSeconds: UInt64

  /// Rooms in which little happens: sound, and pictures at 15 a second.
  private static let smallRooms = Topology.call(3, rooms: 50)
  private static let smallLoad = Load(
    name: "50 audio + 45 video packets/s each", audio: .audio,
    video: StreamShape(
      isVideo: true, packetBytes: StreamShape.videoBytes, packetsPerFrame: 3, interval: .microseconds(66_667)))

  private static func fanOut(
    _ subscribers: Int, _ rates: [Double], pairs: Int, before: [Load] = []
  ) -> BenchScenario {
    let topology = Topology.fanOut(subscribers)
    return BenchScenario(
      topology: topology, loads: before + rates.map { .video(out: $0, of: topology) }, pairs: pairs)
  }

  /// What one shard, and so one core, carries.
  private static func capacity(_ rates: [Double], pairs: Int) -> BenchScenario {
    let topology = Topology(name: "1 to 31, one shard", publishers: 1, subscribers: 31)
    return BenchScenario(
      topology: topology, loads: rates.map { .video(out: $0, of: topology) }, pairs: pairs, includesPeers: false,
      shards: 1)
  }

  /// What a second core adds: rooms enough for both, at a rate that one core carries.
  private static func secondCore(pairs: Int) -> BenchScenario {
    let topology = Topology.fanOut(15, rooms: 8)
    return BenchScenario(
      topology: topology, loads: [.video(out: 60_000, of: topology, packetsPerFrame: 8)], pairs: pairs,
      includesPeers: false, comparesShards: true)
  }

  static let full = BenchPlan(
    scenarios: [
      BenchScenario(topology: .call(8), loads: [.call, .audioOnly], pairs: 5),
      fanOut(31, [1_000, 10_000, 50_000, 100_000], pairs: 3),
      fanOut(1, [1_000, 10_000, 50_000], pairs: 2),
      fanOut(7, [1_000, 10_000, 50_000], pairs: 2),
      fanOut(100, [10_000, 50_000, 100_000], pairs: 2, before: [.call]),
      BenchScenario(topology: smallRooms, loads: [smallLoad], pairs: 3),
      capacity([200_000, 300_000], pairs: 2),
      secondCore(pairs: 3),
    ], storm: (100, 10), sealedSeconds: 20)

  static let quick = BenchPlan(
    scenarios: [
      BenchScenario(topology: .call(8), loads: [.call, .audioOnly], pairs: 2),
      fanOut(31, [10_000, 50_000], pairs: 2),
      BenchScenario(topology: smallRooms, loads: [smallLoad], pairs: 1),
      capacity([200_000], pairs: 1),
    ].map { scenario in
      var short = scenario
      short.window = .seconds(1)
      return short
    }, storm: (50, 3), sealedSeconds: 8)
}
