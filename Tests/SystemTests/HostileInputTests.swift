import ClientEngine
import DatagramIO
import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

extension SystemTests {
  @Suite("hostile input while a call goes on") struct HostileInputTests {
    @Test("ten thousand garbage datagrams at the media ports are counted drops")
    func garbage() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder)
      let call = try await TestCall.start(relay)
      let before = try await relay.metric("sfu_packets_dropped_total")
      let count = 10_000
      try await sendGarbage(count, to: relay)
      try await call.expectToGoOn()
      let drops = try await relay.metric("sfu_packets_dropped_total") - before
      let overflow = try await relay.metric("sfu_udp_kernel_drops_total") + relay.metric("sfu_udp_oversized_total")
      #expect(drops + overflow >= Double(count) * 0.99)
      #expect(relay.process.exitCode == nil)
    }

    /// Shaped as each protocol that shares the port, and as none; at a pace that a socket buffer holds.
    private func sendGarbage(_ count: Int, to relay: TestRelay) async throws {
      let source = try PathEnd.loop("garbage")
      source.start()
      defer { source.stop() }
      let firstBytes: [UInt8] = [0x00, 0x01, 0x16, 0x14, 0x80, 0x90, 0xB0, 0x45, 0xFF]
      let perStep = 25
      for step in 0..<(count / perStep) {
        let target = Endpoint(ipv4: 0x7F00_0001, port: relay.mediaPorts[step % relay.mediaPorts.count])
        source.perform { end, _, batch in
          var random = SeededRandom(seed: UInt64(step))
          for index in 0..<perStep {
            let length = Int.random(in: index % 5 == 0 ? 1...12 : 13...1_400, using: &random)
            var datagram = random.bytes(length)
            datagram[0] = firstBytes[Int.random(in: firstBytes.indices, using: &random)]
            end.send(datagram, to: target, into: batch)
          }
        }
        try await Task.sleep(for: .milliseconds(1))
      }
    }

    static let malformedOffers = [
      "", "v=0\r\n", "no session description at all",
      String(repeating: "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", count: 300),
      "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n",
    ]

    @Test("malformed offers are refused by name, and neither call nor member is harmed")
    func malformedOffer() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder)
      var call = try await TestCall.start(relay)
      let everyone = call
      let offender = call.callers[3]
      for sdp in Self.malformedOffers { offender.say(.offer(Offer(sdp: sdp))) }
      let errors = try await eventually("each offer is refused") {
        let errors = await offender.record.errors
        return errors.count == Self.malformedOffers.count ? errors : nil
      }
      #expect(errors.allSatisfy { $0.code == .badOffer && $0.about == "offer" })
      #expect(errors.allSatisfy { !$0.message.isEmpty && !$0.message.contains("127.0.0.1") })
      call.remove(offender)
      try await call.expectToGoOn()
      // Its own media goes on as well.
      try await everyone.waitForNewFrames()
    }

    @Test("an oversize message is refused, a huge one ends its connection, and the others go on")
    func oversize() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder, settings: MemberLossTests.impatience)
      var call = try await TestCall.start(relay)
      let offender = call.callers[0]
      call.remove(offender)
      let body = Blob([UInt8](repeating: 1, count: 70_000))
      offender.say(.sealed(SealedToMember(to: call.callers[0].member, body: body)))
      try await eventually("the message is refused") {
        await offender.record.errors.contains { $0.code == .tooLarge && $0.about == "sealed" }
      }
      try await call.expectToGoOn()
      offender.say(.offer(Offer(sdp: String(repeating: "v", count: 600_000))))
      try await eventually("the connection ends") { await offender.record.closedConnections == 1 }
      #expect(await offender.record.goodbyes == [.protocolError])
      try await call.expectToGoOn()
      try await call.waitUntilGone(offender)
      try await call.expectToGoOn()
    }

    @Test("messages that come too fast end their sender's connection only")
    func flood() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder, settings: MemberLossTests.impatience)
      var call = try await TestCall.start(relay)
      let offender = call.callers[1]
      call.remove(offender)
      for _ in 0..<6_000 { offender.say(.ready(Ready(epoch: 1))) }
      try await eventually("the connection ends") { await offender.record.closedConnections == 1 }
      #expect(await offender.record.goodbyes == [.rateLimited])
      try await call.expectToGoOn()
      try await call.waitUntilGone(offender)
      try await call.expectToGoOn()
    }
  }
}
