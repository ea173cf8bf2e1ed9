import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// Pictures in another codec than VP8: they go to whom they can be shown, and their sender may change its mind.
@Suite struct CodecTests {
  private static let vp9: UInt8 = 98

  private let call: HopCall
  private let publisher: HopPeer
  /// Can show VP8 and VP9.
  private let able: HopPeer
  /// Can show VP8.
  private let plain: HopPeer
  private var camera = VideoSource(.first, ssrc: 0x1111)

  init() throws {
    call = try HopCall(seed: 64)
    publisher = try call.addPeer()
    able = try call.addPeer(.second)
    plain = try call.addPeer(.second)
    try call.join(publisher)
    try send(inVP9: true)
    try call.send(
      .publish(Publish(tracks: [Publish.Track(id: "camera", source: .camera, mid: "v")])), from: publisher)
    for peer in [able, plain] {
      try call.join(peer)
      try receive(peer, withVP9: peer === able)
    }
    try call.run(for: .milliseconds(600))
  }

  /// What Chromium calls `96` in the offer may be either.
  private func send(inVP9 isVP9: Bool) throws {
    let text = publisher.offer([.sending(.video, "v", ssrc: 0x1111, rtx: 0x2222)])
    try call.offer(isVP9 ? text.replacing("VP8/90000", with: "VP9/90000") : text, from: publisher)
  }

  private func receive(_ peer: HopPeer, withVP9: Bool) throws {
    var text = peer.offer([.receiving(.video, "v0")])
    if withVP9 {
      text = text.replacing("SAVPF 120 124", with: "SAVPF 98 99 120 124")
      text = text.replacing(
        "a=rtpmap:120 VP8/90000\r\n",
        with: "a=rtpmap:98 VP9/90000\r\na=rtcp-fb:98 nack pli\r\na=fmtp:98 profile-id=0\r\na=rtpmap:99 rtx/90000\r\n"
          + "a=fmtp:99 apt=98\r\na=rtpmap:120 VP8/90000\r\n")
    }
    try call.offer(text, from: peer)
  }

  @Test func `a slot is answered with every codec that it can take`() throws {
    let answers = call.events.compactMap { event -> SessionAnswer? in
      if case .answer(able.connection, let answer) = event { answer } else { nil }
    }
    let text = try #require(answers.last).render()
    #expect(text.contains("UDP/TLS/RTP/SAVPF 120 124 98 99\r\n"))
    #expect(text.contains("a=rtpmap:98 VP9/90000\r\n") && text.contains("a=fmtp:99 apt=98\r\n"))
  }

  @Test mutating func `pictures go to whom they can be shown, under its payload type`() throws {
    try call.send(camera.frame(isKey: true) + camera.frame(), from: publisher)
    #expect(able.media.map(\.header.payloadType) == [PayloadType(Self.vp9), PayloadType(Self.vp9)])
    #expect(plain.media.isEmpty)
    #expect(plain.layers.last == Layers(mid: "v0", rid: nil, why: .unavailable))
    // What is lost comes again in the codec's own retransmission stream.
    let lost = able.media[1].header
    try call.sendControl(from: able) {
      RTCPWriter.nack(sender: SSRC(1), media: lost.ssrc, lost: [lost.sequenceNumber], into: &$0)
    }
    #expect(able.media.last?.header.payloadType == PayloadType(99))
  }

  @Test mutating func `a sender that goes back to VP8 reaches everybody, from a key frame that is asked for`() throws {
    try call.send(camera.frame(isKey: true) + camera.frame(), from: publisher)
    // Requests of different causes are half a second apart.
    try call.run(for: .milliseconds(500))
    publisher.control.removeAll()
    try send(inVP9: false)
    #expect(publisher.keyFrameRequests.first == SSRC(0x1111))
    try call.send(camera.frame(), from: publisher)
    #expect(able.media.count == 2 && plain.media.isEmpty)
    try call.send(camera.frame(isKey: true) + camera.frame(), from: publisher)
    #expect(able.media.map(\.header.payloadType.rawValue) == [98, 98, 120, 120])
    #expect(plain.media.map(\.header.payloadType.rawValue) == [120, 120])
    let numbers = able.media.map(\.header.sequenceNumber)
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
  }

  @Test mutating func `a subscriber gets what its latest offer can show`() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    try receive(able, withVP9: false)
    try call.send(camera.frame(isKey: true), from: publisher)
    #expect(able.media.count == 1)
    try receive(able, withVP9: true)
    try receive(plain, withVP9: true)
    try call.send(camera.frame(isKey: true), from: publisher)
    #expect(able.media.count == 2 && plain.media.count == 1)
    #expect(able.errors.isEmpty && plain.errors.isEmpty)
  }

  @Test func `what members can do is told to those who are there and to those who come`() throws {
    let first = try call.addPeer()
    let room = try #require(HopCall.room)
    try call.command(
      .join(
        first.connection,
        AdmittedJoin(
          join: Join(
            room: room, token: nil, bundle: first.bundle,
            capabilities: ["video/vp8", "two words", String(repeating: "x", count: 33), "video/vp9"]),
          canPublish: true, canSubscribe: true)))
    let told = able.messages.compactMap { message -> MembershipChange? in
      if case .membership(let change) = message { change } else { nil }
    }
    #expect(told.last?.capabilities == ["video/vp8", "video/vp9"])
    let late = try call.addPeer()
    try call.join(late)
    let roster = try #require(late.joined).roster
    #expect(roster.first { $0.member == first.member }?.capabilities == ["video/vp8", "video/vp9"])
    #expect(roster.first { $0.member == able.member }?.capabilities == nil)
  }
}
