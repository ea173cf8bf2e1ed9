import DTLS
import RTP
import RelayEngine
import SDP
import SRTP
import Signaling
import Testing
import WireBytes

/// Ways of coming up other than the usual one: IPv6, and a client that waits for the relay's DTLS.
@Suite struct HopSetupTests {
  private static let video = [
    ClientOffer.Section.sending(.video, "v", ssrc: 0x1111), .receiving(.video, "v0"),
  ]

  private func publishAndWatch(on call: HopCall, _ publisher: HopPeer, _ subscriber: HopPeer) throws {
    try call.send(
      .publish(Publish(tracks: [Publish.Track(id: "camera", source: .camera, mid: "v")])), from: publisher)
    var camera = VideoSource(publisher.dialect, ssrc: 0x1111)
    let frame = camera.frame(isKey: true, packets: 3)
    try call.send(frame, from: publisher)
    #expect(subscriber.media.map(\.payload) == frame.map(\.payload))
    try call.run(for: .seconds(2))
    #expect(publisher.packets.contains { if case .receiverReport = $0 { true } else { false } })
    #expect(subscriber.packets.contains { if case .senderReport = $0 { true } else { false } })
    #expect(call.slab.inUse == 0)
  }

  @Test func `a call comes up over IPv6 from candidate to media`() throws {
    let relay = try #require(Endpoint(address: "2001:db8::1", port: 20_000))
    let call = try HopCall(seed: 54, relay: relay)
    let endpoints = try (1...2).map {
      try #require(Endpoint(address: "2001:db8:1::\($0)", port: UInt16(40_000 + $0)))
    }
    let peers = try endpoints.map { try call.connect(Self.video, endpoint: $0) }
    #expect(!relay.isIPv4)
    for peer in peers {
      #expect(peer.answer?.candidates == [relay])
      #expect(peer.isConnected)
    }
    try publishAndWatch(on: call, peers[0], peers[1])
  }

  @Test func `consent is kept over IPv6 for longer than it lasts`() throws {
    let call = try HopCall(seed: 55, relay: try #require(Endpoint(address: "fd00::1", port: 3_478)))
    let peers = try [2, 3].map { try call.connect(Self.video, endpoint: Endpoint(address: "fd00::\($0)", port: 5_000)) }
    let (peer, other) = (peers[0], peers[1])
    #expect(peers.allSatisfy { !$0.endpoint.isIPv4 })
    try call.run(for: .seconds(60))
    #expect(!other.messages.contains { if case .quality = $0 { true } else { false } })
    try publishAndWatch(on: call, peer, other)
  }

  @Test func `a handshake's memory is let go of when no flight of it can be under way any more`() throws {
    let call = try HopCall(seed: 58)
    let peers = try (0..<2).map { _ in try call.connect(Self.video) }
    #expect(peers.allSatisfy { $0.isConnected })
    try call.run(for: .seconds(10))
    #expect(call.counters.dtlsSettled == 0, "nobody has sent anything but checks")
    try call.run(for: .seconds(20))
    #expect(call.counters.dtlsSettled == 2)
    try publishAndWatch(on: call, peers[0], peers[1])
    #expect(call.counters.dtlsSettled == 2)
  }

  @Test func `a client that offers to be passive gets a relay that opens the handshake`() throws {
    let call = try HopCall(seed: 56)
    let passive = try call.connect(Self.video, .second, setup: .passive)
    let active = try call.connect(Self.video, setup: .active)
    #expect(passive.answer?.setup == .active)
    #expect(active.answer?.setup == .passive)
    #expect(passive.dtls?.role == .server)
    #expect(passive.isConnected && active.isConnected)
    #expect(passive.profile == .aeadAES256GCM)
    #expect(call.counters.dtlsHandshakesSucceeded == 2)
    try publishAndWatch(on: call, passive, active)
  }

  @Test func `a certificate other than the offer's ends the handshake, and the client is told`() throws {
    let call = try HopCall(seed: 57)
    let peer = try call.addPeer()
    try call.join(peer)
    peer.fingerprint[0] ^= 1
    try call.offer(peer.offer(Self.video), from: peer)
    try call.run(for: .seconds(1))
    #expect(call.counters.dtlsHandshakesFailed == ["fingerprint_mismatch": 1])
    #expect(call.counters.dtlsHandshakesSucceeded == 0)
    #expect(peer.errors.map(\.about) == ["offer"])
    #expect(peer.errors.map(\.code) == [.badState])
  }
}
