import ICE
import RTP
import RelayEngine
import SDP
import Signaling
import TestKit
import Testing
import WireBytes

/// Each way in which a datagram is lost is counted under its own label, and under no other.
@Suite struct DropReasonTests {
  private let call: HopCall
  private let publisher: HopPeer
  private let subscriber: HopPeer
  private var camera = VideoSource(.first, ssrc: 0x1111)
  private let stranger = Endpoint(ipv4: 0x0B00_0001, port: 9)

  init() throws {
    call = try HopCall(seed: 58, slots: 32, batch: 16)
    publisher = try call.connect(
      [.sending(.audio, "a", ssrc: 0x3333), .sending(.video, "v", ssrc: 0x1111, rtx: 0x2222)],
      publishing: [
        Publish.Track(id: "mic", source: .microphone, mid: "a"),
        Publish.Track(id: "camera", source: .camera, mid: "v"),
      ])
    subscriber = try call.connect([.receiving(.audio, "a0"), .receiving(.video, "v0")], .second)
  }

  /// What `body` adds to the counters, by label.
  private func drops(_ body: () throws -> Void) rethrows -> [String: UInt64] {
    let before = call.counters
    try body()
    var added: [String: UInt64] = [:]
    for reason in DropReason.allCases {
      let count = call.counters.drops(reason) - before.drops(reason)
      if count > 0 { added[reason.label] = count }
    }
    #expect(call.slab.inUse == 0)
    return added
  }

  private func drops(sending packet: WirePacket) throws -> [String: UInt64] {
    try drops { try call.send([packet], from: publisher) }
  }

  /// A check as a client makes it who was told these credentials.
  private func check(ufrag: String, pwd: String, from local: ICECredentials) throws -> [UInt8] {
    var agent = ICEClientAgent(local: local, tieBreaker: 1, random: SeededRandom(seed: 3).source)
    agent.setRemote(ICECredentials(ufrag: ufrag, pwd: pwd), candidates: [call.relay], at: call.now)
    let first = agent.nextTransmit()
    return try #require(first).datagram
  }

  @Test func `every label is one of its own`() {
    let labels = DropReason.allCases.map(\.label)
    #expect(Set(labels).count == labels.count)
    #expect(labels.allSatisfy { $0.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 } })
  }

  @Test func `datagrams of no protocol and from no known address`() throws {
    #expect(try drops { try call.inject([], from: stranger) } == ["unknown_protocol": 1])
    #expect(try drops { try call.inject([0xFF, 0, 1, 2], from: publisher.endpoint) } == ["unknown_protocol": 1])
    let rtp = [0x80, 96] + [UInt8](repeating: 1, count: 40)
    #expect(try drops { try call.inject(rtp, from: stranger) } == ["unknown_endpoint": 1])
    let rtcp = [0x80, 200] + [UInt8](repeating: 1, count: 40)
    #expect(try drops { try call.inject(rtcp, from: stranger) } == ["unknown_endpoint": 1])
    let dtls = [22, 0xFE, 0xFD] + [UInt8](repeating: 0, count: 30)
    #expect(try drops { try call.inject(dtls, from: stranger) } == ["dtls_before_ice": 1])
  }

  @Test func `connectivity checks that are malformed, for nobody, or not authentic`() throws {
    let answer = try #require(publisher.answer)
    let good = try check(ufrag: answer.iceUfrag, pwd: answer.icePwd, from: publisher.credentials)
    #expect(try drops { try call.inject(Array(good.dropLast(5)), from: stranger) } == ["stun_malformed": 1])
    let unknown = try check(ufrag: "nobody", pwd: answer.icePwd, from: publisher.credentials)
    #expect(try drops { try call.inject(unknown, from: stranger) } == ["stun_unknown_user": 1])
    let wrong = try check(
      ufrag: answer.iceUfrag, pwd: "0123456789012345678901", from: publisher.credentials)
    let sent = call.counters.packetsSent
    #expect(try drops { try call.inject(wrong, from: stranger) } == ["stun_unauthenticated": 1])
    let other = try check(ufrag: answer.iceUfrag, pwd: answer.icePwd, from: subscriber.credentials)
    #expect(try drops { try call.inject(other, from: stranger) } == ["stun_unauthenticated": 1])
    #expect(call.counters.packetsSent == sent, "a check that is not authentic gets no answer")
    #expect(try drops { try call.inject(good, from: stranger) } == [:])
    #expect(call.counters.packetsSent == sent + 1)
  }

  @Test func `media before the handshake, and a handshake with the wrong certificate`() throws {
    let late = try call.addPeer()
    try call.join(late)
    late.fingerprint[3] ^= 0x40
    // From the first check on the address is known; its handshake is still to come.
    var added = try drops {
      try call.offer(late.offer([.receiving(.video, "v0")]), from: late)
      try call.run(for: .milliseconds(500))
    }
    #expect(added == ["dtls_failed": 1])
    let rtp = [0x80, 96] + [UInt8](repeating: 1, count: 40)
    added = try drops { try call.inject(rtp, from: late.endpoint) }
    #expect(added == ["srtp_before_dtls": 1])
    added = try drops { try call.inject([0x80, 201] + rtp, from: late.endpoint) }
    #expect(added == ["srtp_before_dtls": 1])
  }

  @Test mutating func `packets that do not open`() throws {
    let sealed = camera.frame(isKey: true).map { publisher.protectedRTP($0.bytes(publisher.dialect.ids)) }
    var forged = sealed[0]
    forged[forged.count - 1] ^= 1
    #expect(try drops { try call.inject(forged, from: publisher.endpoint) } == ["srtp_authentication": 1])
    #expect(try drops { try call.inject(sealed[0], from: publisher.endpoint) } == [:])
    #expect(try drops { try call.inject(sealed[0], from: publisher.endpoint) } == ["srtp_replay": 1])
    // A header extension that claims to be longer than the packet.
    let invalid = [0x90, 96] + [UInt8](repeating: 0, count: 10) + [0xBE, 0xDE, 0xFF, 0xFF]
    let padded = invalid + [UInt8](repeating: 0, count: 40)
    #expect(try drops { try call.inject(padded, from: publisher.endpoint) } == ["srtp_invalid": 1])
    #expect(try drops { try call.inject([0x80, 201, 0, 1], from: publisher.endpoint) } == ["srtp_invalid": 1])
  }

  @Test mutating func `packets that open and do not parse`() throws {
    var packet = camera.frame(isKey: true)[0]
    packet.descriptor = [0x80]
    #expect(try drops(sending: packet) == ["rtp_malformed": 1])
    // An extension element longer than its block.
    var bytes = camera.frame()[0].bytes(publisher.dialect.ids)
    bytes[16] = Dialect.first.ids.dependencyDescriptor << 4 | 15
    let sealed = publisher.protectedRTP(bytes)
    #expect(try drops { try call.inject(sealed, from: publisher.endpoint) } == ["rtp_malformed": 1])
    let added = try drops {
      try call.sendControl(from: publisher) { $0 = [0x80, 201, 0, 1, 0, 0, 0, 1, 0x80, 200, 0x7F, 0xFF] }
    }
    #expect(added == ["rtcp_malformed": 1])
  }

  @Test mutating func `packets of no stream`() throws {
    var unknown = VideoSource(.first, ssrc: 0x9999, mid: "nowhere")
    let homeless = unknown.frame(isKey: true)
    #expect(try drops { try call.send(homeless, from: publisher) } == ["unknown_ssrc": 1])
    // A member that publishes nothing.
    var foreign = VideoSource(.second, ssrc: 0x1111)
    let unasked = foreign.frame(isKey: true)
    #expect(try drops { try call.send(unasked, from: subscriber) } == ["not_published": 1])
    var wrong = camera.frame(isKey: true)[0]
    wrong.payloadType = 100
    #expect(try drops(sending: wrong) == ["wrong_payload_type": 1])
    let primaryInRTX = WirePacket(
      payloadType: Dialect.first.video, sequence: 1, timestamp: 0, ssrc: SSRC(0x2222), payload: [1, 2, 3])
    #expect(try drops { try call.send([primaryInRTX], from: publisher) } == ["wrong_payload_type": 1])
    var bare = camera.frame(isKey: true)[0]
    bare.descriptor = []
    #expect(try drops(sending: bare) == ["missing_dependency_descriptor": 1])
    #expect(subscriber.media.isEmpty)
  }

  @Test mutating func `packets that nobody can use any more`() throws {
    let padding = camera.paddingPacket()
    #expect(try drops { try call.send([padding], from: publisher) } == ["padding_only": 1])
    var probe = padding
    (probe.payloadType, probe.ssrc) = (Dialect.first.rtx, SSRC(0x2222))
    #expect(try drops(sending: probe) == ["padding_only": 1])
    let early = camera.frame()
    try call.send(camera.frame(isKey: true), from: publisher)
    #expect(try drops { try call.send(early, from: publisher) } == ["late_for_slot": 1])
    #expect(subscriber.media.count == 1)
  }

  @Test mutating func `a packet that grows too long by the subscriber's header`() throws {
    var frame: [WirePacket]
    camera.payloadSize = 1_990
    frame = camera.frame(isKey: true)
    #expect(try drops { try call.send(frame, from: publisher) } == ["rtp_too_long": 1])
    camera.payloadSize = 1_900
    frame = camera.frame(isKey: true)
    #expect(try drops { try call.send(frame, from: publisher) } == [:])
    #expect(subscriber.media.count == 1)
  }

  @Test mutating func `a fan-out beyond the batch or the slab`() throws {
    for _ in 0..<17 { try call.connect([.receiving(.video, "v0")], .second) }
    var frame: [WirePacket]
    // Eighteen subscribers: the batch holds sixteen.
    frame = camera.frame(isKey: true)
    #expect(try drops { try call.send(frame, from: publisher) } == ["batch_full": 2])
    let held = (0..<28).compactMap { _ in call.slab.take() }
    let before = call.counters
    frame = camera.frame()
    try call.send(frame, from: publisher)
    // Four slots: one holds the packet itself.
    #expect(call.counters.drops(.slabExhausted) - before.drops(.slabExhausted) == 15)
    #expect(call.counters.packetsForwarded - before.packetsForwarded == 3)
    for slot in held { call.slab.release(slot) }
    #expect(call.slab.inUse == 0)
    // The relay's own loss is repaired like any other.
    let missed = frame[0].payload
    let viewer = call.peers[10]
    try call.send(camera.frame(), from: publisher)
    let numbers = viewer.media.map(\.header.sequenceNumber)
    try #require(numbers.count == 2 && numbers[1] == numbers[0] &+ 2)
    let media = viewer.media[0].header.ssrc
    try call.sendControl(from: viewer) {
      RTCPWriter.nack(sender: SSRC(1), media: media, lost: [numbers[0] &+ 1], into: &$0)
    }
    #expect(viewer.media.last?.payload.dropFirst(2) == missed[...])
    #expect(call.counters.rtxSent == 1)
  }

  @Test mutating func `mutations of every kind of packet leave the relay whole`() throws {
    let rtp = camera.frame(isKey: true)[0].bytes(publisher.dialect.ids)
    for variant in MalformedSweep.mutations(of: rtp, count: 300, seed: 5) {
      try call.inject(publisher.protectedRTP(variant), from: publisher.endpoint)
    }
    var rtcp: [UInt8] = []
    RTCPWriter.receiverReport(ssrc: SSRC(1), blocks: [], into: &rtcp)
    RTCPWriter.nack(sender: SSRC(1), media: SSRC(0x1111), lost: [1, 5, 90], into: &rtcp)
    RTCPWriter.remb(sender: SSRC(1), bitrate: 1_000_000, ssrcs: [SSRC(2)], into: &rtcp)
    for variant in MalformedSweep.mutations(of: rtcp, count: 300, seed: 6) + MalformedSweep.truncations(of: rtcp) {
      try call.inject(publisher.protectedRTCP(variant), from: publisher.endpoint)
    }
    #expect(call.slab.inUse == 0)
    #expect(call.counters.drops(.rtcpMalformed) > 0)
    subscriber.media.removeAll()
    let audio = WirePacket(
      payloadType: Dialect.first.opus, sequence: 1, timestamp: 960, ssrc: SSRC(0x3333), payload: [1, 2, 3])
    try call.send([audio], from: publisher)
    #expect(subscriber.media.map(\.payload) == [[1, 2, 3]])
    #expect(subscriber.unreadable == 0)
  }
}
