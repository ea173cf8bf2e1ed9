import DatagramIO
import SRTP
import WireBytes

/// A server with a topology's members in it, ready to carry loads.
struct Stage: Sendable {
  /// Everything that tallies say of a stage at one moment.
  struct Tallies: Sendable {
    /// What should have reached receivers if nothing had been lost.
    var expected: UInt64 = 0
    var total = LegTally()
    var kernelDrops: UInt64 = 0

    static func - (a: Self, b: Self) -> Self {
      Self(expected: a.expected &- b.expected, total: a.total - b.total, kernelDrops: a.kernelDrops &- b.kernelDrops)
    }
  }

  /// Members that come in at the same time: enough to be quick, few enough not to be a storm.
  private static let concurrency = 8

  let name: String
  let server: any CallServer
  let topology: Topology
  let members: [any CallMember]
  private let driver: MediaDriver

  /// Brings everyone in. Throws when one cannot come in: without everyone there is nothing to measure.
  static func prepare(
    _ name: String, _ server: any CallServer, _ topology: Topology, driver: MediaDriver
  ) async throws -> Stage {
    var members: [any CallMember] = []
    for room in 0..<topology.rooms { try await server.open(room: room) }
    let places = topology.plans.indices.flatMap { plan in (0..<topology.rooms).map { (room: $0, plan: plan) } }
    // Senders first, so that receivers find everyone.
    for start in stride(from: 0, to: places.count, by: concurrency) {
      members += try await withThrowingTaskGroup(of: (any CallMember).self) { group in
        for place in places[start..<min(start + concurrency, places.count)] {
          group.addTask { try await server.enter(room: place.room, plan: topology.plans[place.plan]) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
    }
    for start in stride(from: 0, to: members.count, by: concurrency) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for member in members[start..<min(start + concurrency, members.count)] {
          group.addTask { try await member.receiveOthers() }
        }
        try await group.waitForAll()
      }
    }
    let stage = Stage(name: name, server: server, topology: topology, members: members, driver: driver)
    stage.setActive(false)
    return stage
  }

  private init(
    name: String, server: any CallServer, topology: Topology, members: [any CallMember], driver: MediaDriver
  ) {
    self.name = name
    self.server = server
    self.topology = topology
    self.members = members
    self.driver = driver
  }

  /// Whether this stage is the one that is measured now.
  func setActive(_ isActive: Bool) {
    let legs = Set(members.compactMap(\.sendingLeg) + members.compactMap(\.receivingLeg))
    driver.perform { driver, _ in for number in legs { driver.leg(number)?.isActive = isActive } }
  }

  /// Starts every sender's streams, spread over their intervals as independent clocks would be.
  func start(_ load: Load) {
    let legs = members.compactMap(\.sendingLeg)
    driver.perform { driver, now in
      for (index, number) in legs.enumerated() {
        guard let leg = driver.leg(number) else { continue }
        for stream in leg.streams.indices {
          guard let shape = leg.streams[stream].shape.isVideo ? load.video : load.audio else {
            leg.streams[stream].pause()
            continue
          }
          let phase = shape.interval.nanoseconds * UInt64(index % legs.count) / UInt64(legs.count)
          leg.streams[stream].start(shape, at: now + .milliseconds(5) + TimeInterval(nanoseconds: phase))
        }
      }
    }
  }

  func pause() {
    let legs = members.compactMap(\.sendingLeg)
    driver.perform { driver, _ in
      for number in legs {
        guard let leg = driver.leg(number) else { continue }
        for stream in leg.streams.indices { leg.streams[stream].pause() }
      }
    }
  }

  /// From now on arrivals count into latencies.
  func startMeasuring() {
    let legs = members.compactMap(\.receivingLeg)
    driver.perform { driver, _ in
      for number in legs { driver.leg(number)?.startMeasuring() }
      driver.forgetLateness()
    }
  }

  func tallies() async throws -> Tallies {
    let (sending, receiving) = (members.compactMap(\.sendingLeg), members.compactMap(\.receivingLeg))
    let copies = UInt64(topology.receiversOfOne)
    return try await driver.query { driver, _ in
      var result = Tallies()
      for number in sending { result.expected &+= (driver.leg(number)?.tally.packetsSent ?? 0) &* copies }
      for number in Set(sending + receiving) {
        guard let leg = driver.leg(number) else { continue }
        result.total = result.total + leg.tally
        result.kernelDrops &+= leg.port.counters.kernelDrops
      }
      return result
    }
  }

  func latencies() async throws -> (latency: Samples, lateness: Samples) {
    let legs = members.compactMap(\.receivingLeg)
    return try await driver.query { driver, _ in
      var samples = Samples()
      for number in legs { if let leg = driver.leg(number) { samples.add(leg.latency) } }
      return (samples, driver.lateness)
    }
  }

  /// The profile that the hop uses, as the first receiver has it.
  func profile() async -> String {
    let legs = members.compactMap(\.receivingLeg)
    return (try? await driver.query { driver, _ in legs.first.flatMap { driver.leg($0)?.profile?.name } ?? "none" })
      ?? "none"
  }

  /// Everyone leaves and the server ends. Returns what is to be said against how it ended.
  func end() async -> String? {
    for start in stride(from: 0, to: members.count, by: Self.concurrency * 4) {
      await withTaskGroup(of: Void.self) { group in
        for member in members[start..<min(start + Self.concurrency * 4, members.count)] {
          group.addTask { await member.leave() }
        }
      }
    }
    return await server.stop()
  }
}
