import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// A publisher with three encodings whose SSRCs only header extensions tell, and one subscriber.
@Suite struct SimulcastTests {
  private let call: HopCall
  private let publisher: HopPeer
  private let subscriber: HopPeer
  private let publisherID: MemberID

  /// Low, middle, high.
  private var encodings: [VideoSource]

  init() throws {
    call = try HopCall(seed: 51)
    publisher = try call.connect(
      [.sending(.video, "cam", rids: ["q", "h", "f"])],
      publishing: [Publish.Track(id: "camera", source: .camera, mid: "cam", rids: ["q", "h", "f"])])
    subscriber = try call.connect([.receiving(.video, "v0")], .second)
    publisherID = try #require(publisher.member)
    encodings = ["q", "h", "f"].enumerated().map { index, rid in
      var source = VideoSource(.first, ssrc: 0x100 + UInt32(index), mid: "cam", rid: rid)
      // Encoders count on their own.
      source.sequence = UInt16(10_000 * (index + 1))
      source.timestamp = UInt32(500_000 * (index + 1))
      source.frameNumber = UInt16(20_000 * index)
      source.height = 180 << UInt16(index)
      return source
    }
  }

  /// One frame of each encoding, 33 ms after the one before.
  private mutating func sendFrames(keyOf keys: Set<Int> = [], packets: Int = 2) throws {
    for index in encodings.indices {
      try call.send(encodings[index].frame(isKey: keys.contains(index), packets: packets), from: publisher)
    }
    try call.run(for: .milliseconds(33))
  }

  private func constrain(maxHeight: Int? = nil, paused: Bool? = nil) throws {
    try call.send(
      .constraints(
        Constraints(member: publisherID, track: "camera", maxHeight: maxHeight, paused: paused)), from: subscriber)
  }

  /// The subscriber's packets are one stream: numbers without a hole, time and frames that only rise.
  private func expectContinuous(sourceLocation: SourceLocation = #_sourceLocation) {
    let media = subscriber.media
    for (a, b) in zip(media, media.dropFirst()) {
      #expect(b.header.sequenceNumber == a.header.sequenceNumber &+ 1, sourceLocation: sourceLocation)
      guard let before = a.descriptor, let after = b.descriptor else {
        Issue.record("a packet without descriptor", sourceLocation: sourceLocation)
        continue
      }
      let isNewFrame = after.startOfFrame
      #expect(after.frameNumber == before.frameNumber &+ (isNewFrame ? 1 : 0), sourceLocation: sourceLocation)
      let step = b.header.timestamp &- a.header.timestamp
      #expect(isNewFrame ? (1..<90_000).contains(step) : step == 0, sourceLocation: sourceLocation)
    }
    #expect(Set(media.map(\.header.ssrc)).count == 1, sourceLocation: sourceLocation)
    #expect(subscriber.unreadable == 0, sourceLocation: sourceLocation)
  }

  @Test mutating func `the subscriber gets the highest encoding and nothing of the others`() throws {
    let high = encodings[2]
    try sendFrames(keyOf: [0, 1, 2])
    try sendFrames()
    #expect(subscriber.media.count == 4)
    var copy = high
    let sent = copy.frame(isKey: true, packets: 2) + copy.frame(packets: 2)
    #expect(subscriber.media.map(\.payload) == sent.map(\.payload))
    expectContinuous()
    #expect(call.counters.drops(.unknownSSRC) == 0)
    let published = subscriber.joined?.published.first
    #expect(published?.rids == ["q", "h", "f"])
  }

  @Test mutating func `a lower height takes effect at the next key frame, in one continuous stream`() throws {
    try sendFrames(keyOf: [0, 1, 2])
    try sendFrames()
    publisher.control.removeAll()
    try constrain(maxHeight: 360)
    #expect(subscriber.layers == [Layers(mid: "v0", rid: "h", why: .constraints)])
    // The key frame of the encoding in question is asked for, and of no other.
    #expect(publisher.keyFrameRequests == [SSRC(0x101)])
    try sendFrames()
    let before = subscriber.media.count
    #expect(before == 6)
    let middle = encodings[1]
    try sendFrames(keyOf: [1])
    try sendFrames()
    var copy = middle
    let sent = copy.frame(isKey: true, packets: 2) + copy.frame(packets: 2)
    #expect(subscriber.media.dropFirst(before).map(\.payload) == sent.map(\.payload))
    try constrain(maxHeight: 100)
    #expect(subscriber.layers.last == Layers(mid: "v0", rid: "q", why: .constraints))
    try constrain(maxHeight: 2_000)
    #expect(subscriber.layers.last == Layers(mid: "v0", rid: "f", why: .constraints))
    try sendFrames(keyOf: [0, 2])
    try sendFrames()
    // Until the high key frame the middle encoding goes on: one more frame of it.
    #expect(subscriber.media.count == before + 10)
    expectContinuous()
  }

  @Test mutating func `a paused track sends nothing and goes on with a key frame`() throws {
    try sendFrames(keyOf: [0, 1, 2])
    try constrain(paused: true)
    #expect(subscriber.layers.last == Layers(mid: "v0", rid: nil, why: .paused))
    let before = subscriber.media.count
    try sendFrames(keyOf: [2])
    try sendFrames()
    #expect(subscriber.media.count == before)
    publisher.control.removeAll()
    try constrain(paused: false)
    #expect(subscriber.layers.last?.rid == "f")
    #expect(publisher.keyFrameRequests == [SSRC(0x102)])
    try sendFrames()
    #expect(subscriber.media.count == before)
    try sendFrames(keyOf: [2])
    try sendFrames()
    #expect(subscriber.media.count == before + 4)
    #expect(subscriber.media[before].descriptor?.hasStructure == true)
    expectContinuous()
  }

  @Test mutating func `a retransmission is matched by its repaired rid and fills the hole`() throws {
    try sendFrames(keyOf: [0, 1, 2])
    let frame = encodings[2].frame(packets: 3)
    try call.send([frame[0], frame[2]], from: publisher)
    try call.run(for: .milliseconds(30))
    let asked = publisher.packets.contains { packet in
      if case .nack(_, let media, let lost) = packet {
        media == SSRC(0x102) && lost == [frame[1].sequence]
      } else {
        false
      }
    }
    #expect(asked)
    let repair = frame[1].retransmitted(payloadType: Dialect.first.rtx, ssrc: SSRC(0x202), sequence: 40)
    #expect(repair.repairedRid == "f" && repair.rid == nil)
    try call.send([repair], from: publisher)
    #expect(call.counters.rtxReceived == 1)
    let last = subscriber.media.suffix(3)
    #expect(last.map(\.payload) == [frame[0], frame[2], frame[1]].map(\.payload))
    let numbers = last.map(\.header.sequenceNumber)
    #expect(numbers == [numbers[0], numbers[0] &+ 2, numbers[0] &+ 1])
    // The second time the route is known, and the packet comes too late to be new.
    try call.send(
      [frame[1].retransmitted(payloadType: Dialect.first.rtx, ssrc: SSRC(0x202), sequence: 41)], from: publisher)
    #expect(call.counters.drops(.lateForSlot) == 1)
  }

  @Test mutating func `an SSRC that changes under its rid starts anew without a break for the subscriber`() throws {
    try sendFrames(keyOf: [0, 1, 2])
    try sendFrames()
    encodings[2].ssrc = SSRC(0x9102)
    encodings[2].sequence = 3
    encodings[2].timestamp = 4_000_000_000
    encodings[2].frameNumber = 65_000
    try sendFrames(keyOf: [2])
    try sendFrames()
    #expect(subscriber.media.count == 8)
    expectContinuous()
    // The number spaces are not mixed up: nothing counts as lost between the old and the new ones.
    #expect(!publisher.packets.contains { if case .nack = $0 { true } else { false } })
    // The old SSRC no longer stands for anything without its extensions.
    var old = VideoSource(.first, ssrc: 0x102)
    old.sequence = 31_000
    try call.send(old.frame(), from: publisher)
    #expect(call.counters.drops(.unknownSSRC) == 1)
    // What the subscriber misses of the new source comes from the new source's packets.
    let missed = subscriber.media[6].header.sequenceNumber
    try call.sendControl(from: subscriber) {
      RTCPWriter.nack(sender: SSRC(1), media: subscriber.media[6].header.ssrc, lost: [missed], into: &$0)
    }
    #expect(subscriber.media.last?.payload.dropFirst(2) == subscriber.media[6].payload[...])
  }

  @Test mutating func `an encoding first heard of in the middle of a frame is asked for a key frame`() throws {
    // As when the first packet was lost: nobody else would ask for it.
    try sendFrames()
    #expect(subscriber.media.isEmpty)
    #expect(publisher.keyFrameRequests == [SSRC(0x102)])
    try sendFrames(keyOf: [2])
    #expect(subscriber.media.count == 2)
    #expect(publisher.keyFrameRequests == [SSRC(0x102)])
  }
}
