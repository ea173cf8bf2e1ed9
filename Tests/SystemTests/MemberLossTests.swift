import ClientEngine
import Signaling
import Testing

extension SystemTests {
  @Suite("a member is lost in the middle of a call") struct MemberLossTests {
    /// A relay that gives up on the lost as soon as it may.
    static let impatience = ["rooms.resumeWindowSeconds=1", "media.consentTimeoutSeconds=5"]

    @Test("a client that is gone at once: the others take new keys and go on")
    func vanished() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder, settings: Self.impatience)
      var call = try await TestCall.start(relay)
      // The first one commits the keys: its loss is the worst one.
      let victim = call.callers[0]
      let epoch = try #require(await call.callers[1].sendingEpoch)
      victim.vanish()
      call.remove(victim)
      try await call.expectToGoOn()
      try await call.waitUntilGone(victim)
      for caller in call.callers {
        try await eventually("caller \(caller.number) uses keys that the lost one never had") {
          let current = await caller.sendingEpoch
          return (current ?? 0) > epoch
        }
      }
      try await call.expectToGoOn()
    }

    @Test("a client process that is killed leaves no trace in another room")
    func killedProcess() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder, settings: Self.impatience)
      let call = try await TestCall.start(relay)
      let process = try RunningProcess(
        "sfu-loadgen",
        [
          "call", "--relay", "ws://127.0.0.1:\(relay.signalingPort)", "--participants", "3", "--duration", "60s",
          "--video-bitrate", "200000",
        ], logPath: folder.path(of: "loadgen.log"))
      try await eventually("the process is in its call") {
        try await relay.shows(["sfu_participants": 7, "sfu_publications": 14])
      }
      try await call.expectToGoOn()
      process.kill()
      #expect(try await process.waitForExit() == 128 + 9)
      try await call.expectToGoOn()
      try await eventually("the relay has forgotten it") {
        try await relay.shows(["sfu_participants": 4, "sfu_rooms": 1])
      }
      try await call.expectToGoOn()
    }

    @Test("a WebSocket that is cut: media goes on, and the member comes back as the one it was")
    func cutWebSocket() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder)
      var call = try await TestCall.start(relay)
      let cut = call.callers[2]
      let epoch = try #require(await cut.sendingEpoch)
      cut.cutSignaling()
      try await eventually("the others hear of it") {
        await call.callers[0].record.notices.contains(.reconnecting)
      }
      #expect(await cut.record.closedConnections == 1)
      try await call.expectToGoOn()
      try await cut.resume(relay)
      let joins = try await eventually("it is back") {
        let joins = await cut.record.joins
        return joins.count == 2 ? joins : nil
      }
      #expect(joins[1].resumed && joins[1].member == cut.member)
      try await eventually("the others hear of it") {
        await call.callers[0].record.notices.contains(.reconnected)
      }
      for caller in call.callers {
        #expect(await caller.sendingEpoch == epoch)
        #expect(await caller.record.departed.isEmpty)
      }
      // It takes part in the next change of keys, which goes over the new WebSocket.
      try await call.add(try Caller(4, in: call.invite))
      #expect(try #require(await cut.sendingEpoch) > epoch)
      try await call.expectToGoOn()
    }

    @Test("a network path that drops everything for a moment: frames come again when it is back")
    func interruptedPath() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder)
      let path = try HopPath()
      let call = try await TestCall.start(relay, paths: [1: path])
      path.cut()
      let others = TestCall(relay: relay, invite: call.invite, callers: call.callers.filter { $0.number != 1 })
      try await others.expectToGoOn()
      path.mend()
      try await call.expectToGoOn()
      #expect(await call.callers[0].record.departed.isEmpty)
    }

    @Test("a network path that stays away: the relay says goodbye to the member and the others go on")
    func lostPath() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder, settings: Self.impatience)
      let path = try HopPath()
      var call = try await TestCall.start(relay, paths: [3: path])
      let victim = call.callers[3]
      path.cut()
      call.remove(victim)
      try await call.waitUntilGone(victim)
      try await call.expectToGoOn()
      try await eventually("the member is told why") { await victim.record.goodbyes == [.consentLost] }
      #expect(await victim.record.ended == .goodbye(.consentLost))
    }
  }
}
