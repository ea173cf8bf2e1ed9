import RelayMetrics
import Signaling
import Testing

extension SystemTests {
  @Suite("a room that outgrows its shard") struct SpreadRoomTests {
    private func forwarded(_ relay: TestRelay) async throws -> [Double] {
      let page = PrometheusSamples(parsing: try await relay.metricsPage())
      return try ["0", "1"].map { try #require(page.sum("sfu_shard_packets_forwarded_total", ["shard": $0])) }
    }

    @Test("two hundred in one room: both shards work for it, and everyone gets everything")
    func twoHundred() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder)
      let audience = try Audience(watchers: 199)
      try await audience.join(relay, 0..<200)
      try await eventually("all have their media path", within: .seconds(60)) { await audience.connected == 200 }
      let page = PrometheusSamples(parsing: try await relay.metricsPage())
      #expect(page.sum("sfu_rooms") == 1)
      #expect(page.sum("sfu_participants") == 200)
      for shard in ["0", "1"] {
        // 64 come to the first shard and 64 to the second; then both get as many.
        #expect(page.sum("sfu_shard_participants", ["shard": shard]) == 100)
      }
      audience.present(burst: 4)
      try await eventually("all watch", within: .seconds(60)) { await audience.received.allSatisfy { $0 >= 100 } }
      let before = try await forwarded(relay)
      let linked = try await relay.metric("sfu_packets_linked_total")
      try await eventually("all go on", within: .seconds(60)) { await audience.received.allSatisfy { $0 >= 300 } }
      let after = try await forwarded(relay)
      let shares = zip(after, before).map { $0 - $1 }
      #expect(shares.allSatisfy { $0 > 10_000 }, "\(shares)")
      #expect(shares[0] / shares[1] > 0.8 && shares[0] / shares[1] < 1.25, "\(shares)")
      #expect(await audience.relayPorts.count == 2)
      // One copy over the link for a hundred receivers.
      let copies = try await relay.metric("sfu_packets_linked_total") - linked
      #expect(copies > 100 && copies < shares[1] / 50)
      audience.present(burst: 0)
      for series in LoadTests.harmful + ["sfu_packets_dropped_total{reason=\"link_full\"}"] {
        #expect(try await relay.metricsPage().split(separator: "\n").contains("\(series) 0"), "\(series)")
      }
      for number in 0..<200 { audience.leave(number) }
      try await eventually("the room is forgotten on all shards", within: .seconds(60)) {
        try await relay.shows(["sfu_participants": 0, "sfu_rooms": 0, "sfu_publications": 0])
      }
    }

    @Test("a call of real clients over two shards: media, a leave, new keys, a cut connection")
    func realCall() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder, settings: ["rooms.membersPerShard=2"])
      var call = try await TestCall.start(relay)
      let page = PrometheusSamples(parsing: try await relay.metricsPage())
      for shard in ["0", "1"] { #expect(page.sum("sfu_shard_participants", ["shard": shard]) == 2) }
      try await call.expectToGoOn()
      // The last one is on the second shard.
      let cut = call.callers[3]
      cut.cutSignaling()
      try await eventually("it is missed") { await call.callers[0].record.notices.contains(.reconnecting) }
      try await cut.resume(relay)
      try await eventually("it is back") { await call.callers[0].record.notices.contains(.reconnected) }
      try await call.waitForNewFrames()
      #expect(try await relay.metric("sfu_resumes_total") == 1)
      let leaver = call.callers[2]
      leaver.leave()
      call.remove(leaver)
      try await call.waitUntilGone(leaver)
      try await call.waitForNewFrames()
      #expect(try await relay.metric("sfu_packets_linked_total") > 100)
    }
  }
}
