import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// What the relay writes for a subscriber whose numbers are all others than the publisher's.
@Suite struct RewritingTests {
  private let call: HopCall
  private let publisher: HopPeer
  private let subscriber: HopPeer
  private var camera = VideoSource(.first, ssrc: 0x1111, mid: "send-v")

  init() throws {
    // A cache of a few packets, so that one is soon pushed out.
    call = try HopCall(seed: 52) { $0.videoCacheBytes = 4_000 }
    publisher = try call.connect(
      [.sending(.audio, "send-a", ssrc: 0x3333), .sending(.video, "send-v", ssrc: 0x1111, rtx: 0x2222)],
      publishing: [
        Publish.Track(id: "mic", source: .microphone, mid: "send-a"),
        Publish.Track(id: "camera", source: .camera, mid: "send-v"),
      ])
    subscriber = try call.connect([.receiving(.audio, "a0"), .receiving(.video, "v0")], .second)
  }

  private func nack(_ lost: [UInt16], of media: SSRC) throws {
    try call.sendControl(from: subscriber) {
      RTCPWriter.nack(sender: SSRC(0x77), media: media, lost: lost, into: &$0)
    }
  }

  @Test mutating func `every number of a video packet is the subscriber's own`() throws {
    let sent = camera.frame(isKey: true, packets: 2)
    try call.send(sent, from: publisher)
    #expect(subscriber.media.count == 2)
    let section = try #require(subscriber.section("v0"))
    #expect(section.rtxPayloadType == PayloadType(Dialect.second.rtx))
    for (got, packet) in zip(subscriber.media, sent) {
      #expect(got.header.payloadType == PayloadType(Dialect.second.video))
      #expect(got.header.ssrc == section.ssrc)
      #expect(got.header.ssrc != packet.ssrc)
      #expect(got.mid == "v0")
      #expect(got.header.marker == packet.marker)
      #expect(got.payload == packet.payload)
      // The whole descriptor, its structure included, under the subscriber's id.
      #expect(Array(got.bytes[got.extensions.dependencyDescriptor]).dropFirst(3) == packet.descriptor.dropFirst(3))
      #expect(got.extensions.rid.isEmpty && got.extensions.repairedRid.isEmpty && got.audioLevel == nil)
    }
    #expect(subscriber.media[0].descriptor?.startOfFrame == true)
    #expect(subscriber.media[0].descriptor?.hasStructure == true)
    #expect(subscriber.media[1].descriptor?.endOfFrame == true)
  }

  @Test func `audio keeps its level and payload under the subscriber's numbers`() throws {
    let packet = WirePacket(
      payloadType: Dialect.first.opus, sequence: 9, timestamp: 960, ssrc: SSRC(0x3333), mid: "send-a",
      audioLevel: 0x9F, payload: [1, 2, 3, 4])
    try call.send([packet], from: publisher)
    let got = try #require(subscriber.media.first)
    #expect(got.header.payloadType == PayloadType(Dialect.second.opus))
    #expect(got.header.ssrc == subscriber.section("a0")?.ssrc)
    #expect(got.mid == "a0")
    #expect(got.audioLevel == UInt8(0x9F))
    #expect(got.payload == [1, 2, 3, 4])
  }

  @Test mutating func `packets of padding alone leave no hole`() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    try call.send([camera.paddingPacket(), camera.paddingPacket()], from: publisher)
    try call.send(camera.frame(), from: publisher)
    let numbers = subscriber.media.map(\.header.sequenceNumber)
    #expect(numbers.count == 2)
    #expect(numbers[1] == numbers[0] &+ 1)
    #expect(call.counters.drops(.paddingOnly) == 2)
    // Padding that stands behind a payload is taken off.
    var padded = camera.frame()
    padded[0].padding = 100
    try call.send(padded, from: publisher)
    #expect(subscriber.media.last?.payload == padded[0].payload)
    #expect(subscriber.media.last?.bytes.first == 0x90)
  }

  @Test mutating func `a loss of the publisher stays a hole, and is asked for once it is no reordering`() throws {
    let frame = camera.frame(isKey: true, packets: 3)
    try call.send([frame[0], frame[2]], from: publisher)
    let numbers = subscriber.media.map(\.header.sequenceNumber)
    #expect(numbers[1] == numbers[0] &+ 2)
    #expect(call.counters.nackSent == 0)
    try call.run(for: .milliseconds(11))
    #expect(call.counters.nackSent == 1)
    try call.send([frame[1]], from: publisher)
    #expect(subscriber.media.last?.header.sequenceNumber == numbers[0] &+ 1)
    try call.run(for: .milliseconds(300))
    #expect(call.counters.nackSent == 1)
  }

  @Test mutating func `a NACK is answered from the cache in the retransmission stream`() throws {
    try call.send(camera.frame(isKey: true, packets: 3), from: publisher)
    let original = subscriber.media[1]
    let media = original.header.ssrc
    try nack([original.header.sequenceNumber], of: media)
    #expect(subscriber.media.count == 4)
    let repair = subscriber.media[3]
    #expect(repair.header.payloadType == PayloadType(Dialect.second.rtx))
    #expect(repair.header.ssrc == subscriber.section("v0")?.rtxSSRC)
    #expect(repair.header.ssrc != media)
    #expect(try RTX.originalSequence(of: repair.bytes.span, header: repair.header) == original.header.sequenceNumber)
    #expect(repair.payload.dropFirst(2) == original.payload[...])
    #expect(repair.header.timestamp == original.header.timestamp)
    #expect(repair.header.marker == original.header.marker)
    #expect(repair.descriptor == original.descriptor)
    #expect(repair.mid == "v0")
    try nack([original.header.sequenceNumber], of: media)
    #expect(subscriber.media.count == 5)
    #expect(subscriber.media[4].header.sequenceNumber == repair.header.sequenceNumber &+ 1)
    #expect(call.counters.nackReceived == 2)
    #expect(call.counters.rtxSent == 2)
    #expect(call.counters.rtxMissed == 0)
  }

  @Test mutating func `what came to the relay as a repair goes to a subscriber as one too`() throws {
    let frame = camera.frame(isKey: true, packets: 2)
    try call.send([frame[0]], from: publisher)
    try call.send(
      [frame[1].retransmitted(payloadType: Dialect.first.rtx, ssrc: SSRC(0x2222), sequence: 5)], from: publisher)
    let repaired = try #require(subscriber.media.last)
    #expect(repaired.payload == frame[1].payload)
    try nack([repaired.header.sequenceNumber], of: repaired.header.ssrc)
    let repair = try #require(subscriber.media.last)
    #expect(try RTX.originalSequence(of: repair.bytes.span, header: repair.header) == repaired.header.sequenceNumber)
    #expect(repair.payload.dropFirst(2) == frame[1].payload[...])
  }

  @Test mutating func `what the cache no longer holds is counted as missed`() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    let first = subscriber.media[0].header
    for _ in 0..<40 { try call.send(camera.frame(), from: publisher) }
    let received = subscriber.media.count
    try nack([first.sequenceNumber], of: first.ssrc)
    #expect(subscriber.media.count == received)
    #expect(call.counters.rtxMissed == 1)
    // So is what is too old to be of use, what never was, and audio, which has no retransmission stream.
    let last = try #require(subscriber.media.last).header
    try call.run(for: .milliseconds(1_001))
    try nack([last.sequenceNumber, last.sequenceNumber &+ 1], of: last.ssrc)
    #expect(call.counters.rtxMissed == 3)
    try nack([1], of: try #require(subscriber.section("a0")?.ssrc))
    #expect(call.counters.rtxMissed == 4)
    #expect(call.counters.rtxSent == 0)
    // An SSRC that is none of the subscriber's is nothing.
    try nack([1, 2, 3], of: SSRC(0xDEAD))
    #expect(call.counters.nackReceived == 4)
    #expect(call.slab.inUse == 0)
  }
}
