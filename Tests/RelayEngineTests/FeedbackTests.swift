import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// Key-frame requests, reports, and the refusal of video that is not sealed as the room requires.
@Suite struct FeedbackTests {
  private let call: HopCall
  private let publisher: HopPeer
  private let subscribers: [HopPeer]
  private var camera = VideoSource(.first, ssrc: 0x1111)

  init() throws {
    let call = try HopCall(seed: 53)
    self.call = call
    publisher = try call.connect(
      [.sending(.audio, "a", ssrc: 0x3333), .sending(.video, "v", ssrc: 0x1111, rtx: 0x2222)],
      publishing: [
        Publish.Track(id: "mic", source: .microphone, mid: "a"),
        Publish.Track(id: "camera", source: .camera, mid: "v"),
      ])
    subscribers = try (0..<5).map { _ in
      try call.connect([.receiving(.audio, "a0"), .receiving(.video, "v0")], .second)
    }
  }

  private func askForKeyFrames() throws {
    for subscriber in subscribers {
      let media = try #require(subscriber.section("v0")?.ssrc)
      try call.sendControl(from: subscriber) { RTCPWriter.pli(sender: SSRC(2), media: media, into: &$0) }
    }
  }

  @Test mutating func `the key-frame requests of many become one in half a second`() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    try call.run(for: .milliseconds(600))
    publisher.control.removeAll()
    let (received, sent) = (call.counters.pliReceived, call.counters.pliSent)
    try askForKeyFrames()
    #expect(publisher.keyFrameRequests == [SSRC(0x1111)])
    try call.run(for: .milliseconds(200))
    // The key frame answers all of them; requests made after it wait for the window to open.
    try call.send(camera.frame(isKey: true), from: publisher)
    try askForKeyFrames()
    try askForKeyFrames()
    try call.run(for: .milliseconds(299))
    #expect(publisher.keyFrameRequests.count == 1)
    try call.run(for: .milliseconds(1))
    #expect(publisher.keyFrameRequests.count == 2)
    try call.send(camera.frame(isKey: true), from: publisher)
    try call.run(for: .seconds(3))
    #expect(publisher.keyFrameRequests.count == 2)
    #expect(call.counters.pliReceived == received + 15)
    #expect(call.counters.pliSent == sent + 2)
  }

  @Test mutating func `a request without an answer is repeated, but not for ever`() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    try call.run(for: .milliseconds(600))
    publisher.control.removeAll()
    try askForKeyFrames()
    try call.run(for: .seconds(20))
    #expect((5...11).contains(publisher.keyFrameRequests.count))
  }

  @Test mutating func `a full intra request counts as one, and feedback for foreign streams asks nobody`() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    try call.run(for: .milliseconds(600))
    publisher.control.removeAll()
    let media = try #require(subscribers[0].section("v0")?.ssrc)
    let audio = try #require(subscribers[0].section("a0")?.ssrc)
    try call.sendControl(from: subscribers[0]) {
      RTCPWriter.pli(sender: SSRC(2), media: SSRC(0xBEEF), into: &$0)
      RTCPWriter.pli(sender: SSRC(2), media: audio, into: &$0)
      RTCPWriter.bye(ssrcs: [SSRC(2)], into: &$0)
    }
    #expect(publisher.keyFrameRequests == [])
    // RFC 5104 section 4.3.1: the SSRC stands in the entry, the common field is zero.
    try call.sendControl(from: subscribers[0]) { bytes in
      bytes += [0x84, 206, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0]
      bytes.append(u32: media.rawValue)
      bytes += [1, 0, 0, 0]
    }
    #expect(publisher.keyFrameRequests == [SSRC(0x1111)])
  }

  @Test mutating func `the publisher gets receiver reports and a bandwidth limit`() throws {
    try call.send(camera.frame(isKey: true, packets: 3), from: publisher)
    // One of ten is lost, and never comes.
    let frame = camera.frame(packets: 10)
    try call.send(Array(frame[..<4] + frame[5...]), from: publisher)
    try call.sendControl(from: publisher) {
      let info = SenderInfo(ntp: 0xAABB_CCDD_EEFF_0011, rtpTimestamp: 90_000, packets: 12, octets: 2_400)
      RTCPWriter.senderReport(ssrc: SSRC(0x1111), info: info, blocks: [], into: &$0)
    }
    publisher.control.removeAll()
    try call.run(for: .milliseconds(1_100))
    let blocks = publisher.packets.flatMap { packet -> [ReportBlock] in
      if case .receiverReport(_, let blocks) = packet { blocks } else { [] }
    }
    let block = try #require(blocks.first { $0.ssrc == SSRC(0x1111) })
    #expect(block.cumulativeLost == 1)
    #expect(block.fractionLost == UInt8(256 / 13))
    #expect(UInt16(truncatingIfNeeded: block.highestSequence) == 7_012)
    #expect(block.lastSR == 0xCCDD_EEFF)
    #expect((1...72_000).contains(block.delaySinceLastSR))
    let limits = publisher.packets.compactMap { packet -> (UInt64, [SSRC])? in
      if case .remb(_, let bitrate, let ssrcs) = packet { (bitrate, ssrcs) } else { nil }
    }
    let (bitrate, ssrcs) = try #require(limits.first)
    #expect(ssrcs == [SSRC(0x1111)])
    // The format has 18 significant bits.
    #expect((2_490_000...2_500_000).contains(bitrate))
    #expect(publisher.packets.contains(.sdes))
    #expect(call.counters.rtpExpected == 13)
    #expect(call.counters.rtpLost == 1)
    #expect(publisher.unreadable == 0)
  }

  @Test mutating func `a subscriber gets sender reports of what it was sent, on the timeline it sees`() throws {
    for index in 0..<30 {
      try call.send(camera.frame(isKey: index == 0), from: publisher)
      try call.run(for: .milliseconds(33))
    }
    let subscriber = subscribers[3]
    subscriber.control.removeAll()
    let sent = subscriber.media
    try call.run(for: .milliseconds(1_050))
    let reports = subscriber.control.compactMap { entry -> (at: MonotonicInstant, ssrc: SSRC, info: SenderInfo)? in
      if case .senderReport(let ssrc, let info, _) = entry.packet { (entry.at, ssrc, info) } else { nil }
    }
    let report = try #require(reports.last)
    // Of the slot that carries nothing there is none.
    #expect(Set(reports.map(\.ssrc)) == [try #require(subscriber.section("v0")?.ssrc)])
    #expect(report.info.packets == UInt32(sent.count))
    #expect(report.info.octets == UInt32(sent.reduce(0) { $0 + $1.payload.count }))
    let last = try #require(sent.last)
    let elapsed = Double(report.at.nanoseconds(since: last.at)) / 1e9
    let expected = last.header.timestamp &+ UInt32(elapsed * 90_000)
    #expect(Int32(bitPattern: report.info.rtpTimestamp &- expected).magnitude < 200)
    #expect(subscriber.unreadable == 0)
  }

  @Test mutating func `heavy loss lowers the limit and is told as poor quality`() throws {
    for index in 0..<200 {
      let packets = camera.frame(isKey: index == 0, packets: 2)
      try call.send(index % 2 == 0 ? packets : [packets[0]], from: publisher)
      try call.run(for: .milliseconds(20))
    }
    let limits = publisher.packets.compactMap { if case .remb(_, let bitrate, _) = $0 { bitrate } else { nil } }
    #expect(try #require(limits.last) < 2_200_000)
    let told = subscribers[0].messages.compactMap { if case .quality(let quality) = $0 { quality } else { nil } }
    #expect(told.contains(Quality(member: try #require(publisher.member), level: .poor)))
  }

  @Test mutating func `video without a descriptor is refused, counted, and told to the room once`() throws {
    for _ in 0..<5 {
      var packet = camera.frame(isKey: true)[0]
      packet.descriptor = []
      try call.send([packet], from: publisher)
    }
    #expect(call.counters.drops(.missingDependencyDescriptor) == 5)
    let member = try #require(publisher.member)
    for peer in subscribers + [publisher] {
      #expect(peer.notices == [Notice(code: .e2eeRequired, member: member, track: "camera")])
      #expect(peer.media.isEmpty)
    }
  }
}
