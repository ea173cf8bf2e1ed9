import DatagramIO
import TestKit
import Testing
import WireBytes

struct EgressPlanTests {
  private func makePlan(
    _ packets: [(size: Int, port: UInt16)], capacity: Int = 512, segmentation: Bool = true
  ) throws -> [(port: UInt16, indexes: [Int], run: EgressPlan.Run)] {
    let slab = PacketSlab(capacity: capacity)
    let batch = EgressBatch(capacity: capacity)
    for packet in packets {
      let slot = try #require(slab.take())
      slab.setLength(packet.size, of: slot)
      #expect(batch.append(slot, to: Endpoint(ipv4: 0x7F00_0001, port: packet.port)))
    }
    let plan = EgressPlan(capacity: capacity)
    // Twice: the second plan must not see the first one's table.
    plan.plan(batch, slab: slab, segmentation: segmentation)
    plan.plan(batch, slab: slab, segmentation: segmentation)
    return (0..<plan.runCount).map { index in
      let run = plan.run(index)
      let indexes = (run.start..<(run.start + run.count)).map(plan.order)
      return (batch[indexes[0]].destination.port, indexes, run)
    }
  }

  @Test func `a shorter datagram ends its run and a longer one starts the next`() throws {
    let runs = try makePlan([(100, 1), (100, 1), (60, 1), (60, 1), (100, 1)])
    #expect(runs.map(\.indexes) == [[0, 1, 2], [3], [4]])
    #expect(runs[0].run.segment == 100)
    #expect(runs[0].run.bytes == 260)
  }

  @Test func `runs end at 64 segments and at 60 KiB`() throws {
    let small = try makePlan(Array(repeating: (10, 1), count: 130))
    #expect(small.map(\.indexes.count) == [64, 64, 2])
    let large = try makePlan(Array(repeating: (2000, 1), count: 40))
    #expect(large.map(\.indexes.count) == [30, 10])
    #expect(large.allSatisfy { $0.run.bytes <= EgressPlan.maxRunBytes })
  }

  @Test func `empty datagrams never join a run`() throws {
    #expect(try makePlan([(0, 1), (0, 1), (5, 1), (0, 1)]).map(\.indexes) == [[0], [1], [2], [3]])
  }

  @Test func `without segmentation every datagram is a run`() throws {
    let runs = try makePlan([(9, 1), (9, 2), (9, 1)], segmentation: false)
    #expect(runs.map(\.indexes) == [[0], [2], [1]])
  }

  @Test func `any batch is covered once, in order for each destination, with legal runs`() throws {
    var random = SeededRandom(seed: 11)
    for _ in 0..<200 {
      let packets = (0..<Int.random(in: 1...300, using: &random)).map { _ in
        (
          size: [0, 1, 90, 1200, 1200, 1200].randomElement(using: &random)!,
          port: UInt16.random(in: 1...20, using: &random)
        )
      }
      let runs = try makePlan(packets)
      #expect(runs.flatMap(\.indexes).sorted() == Array(packets.indices))
      var last: [UInt16: Int] = [:]
      var finished: Set<UInt16> = []
      var current: UInt16?
      for (port, indexes, run) in runs {
        if port != current {
          if let current { finished.insert(current) }
          #expect(!finished.contains(port), "a destination's runs stand together")
          current = port
        }
        for index in indexes {
          #expect(packets[index].port == port)
          #expect(index > last[port, default: -1])
          last[port] = index
        }
        #expect(indexes.dropLast().allSatisfy { packets[$0].size == run.segment })
        #expect(packets[indexes[indexes.count - 1]].size <= run.segment)
        #expect(run.bytes == indexes.reduce(0) { $0 + packets[$1].size })
      }
    }
  }
}
