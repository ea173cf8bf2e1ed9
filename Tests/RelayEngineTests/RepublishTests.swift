import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// A track that is withdrawn and published again on its m-line, by a browser that no longer says in its packets which
/// m-line and encoding they belong to.
@Suite struct RepublishTests {
  private let call: HopCall
  private let publisher: HopPeer
  private let subscriber: HopPeer
  private let rids = ["q", "f"]
  private var encodings: [VideoSource]

  init() throws {
    call = try HopCall(seed: 62)
    publisher = try call.connect(
      [.sending(.video, "cam", rids: ["q", "f"]), .sending(.video, "screen")], publishing: [])
    subscriber = try call.connect([.receiving(.video, "v0")], .second)
    encodings = ["q", "f"].enumerated().map { VideoSource(.first, ssrc: 0x100 + UInt32($0), mid: "cam", rid: $1) }
    try publish()
    try send(keyOf: [0, 1])
  }

  private func publish(mid: String = "cam") throws {
    let rids = mid == "cam" ? rids : nil
    try call.send(
      .publish(Publish(tracks: [Publish.Track(id: "camera", source: .camera, mid: mid, rids: rids)])), from: publisher)
  }

  private func unpublish() throws { try call.send(.unpublish(Unpublish(tracks: ["camera"])), from: publisher) }

  private mutating func send(keyOf keys: Set<Int> = []) throws {
    for index in encodings.indices {
      try call.send(encodings[index].frame(isKey: keys.contains(index)), from: publisher)
    }
  }

  private mutating func stopNaming() {
    for index in encodings.indices { (encodings[index].mid, encodings[index].rid) = (nil, nil) }
  }

  @Test mutating func `what comes back without a name goes on, from a key frame that is asked for at once`() throws {
    #expect(subscriber.media.count == 1)
    stopNaming()
    for _ in 0..<3 {
      let before = subscriber.media.count
      try unpublish()
      try send()
      #expect(subscriber.media.count == before)
      try call.run(for: .seconds(2))
      publisher.control.removeAll()
      try publish()
      #expect(publisher.keyFrameRequests == [SSRC(0x101)])
      try send()
      #expect(subscriber.media.count == before)
      try send(keyOf: [0, 1])
      try send()
      #expect(subscriber.media.count == before + 2)
    }
    #expect(subscriber.media.allSatisfy { $0.descriptor != nil })
    #expect(call.counters.drops(.unknownSSRC) == 0)
    #expect(call.counters.drops(.notPublished) == 6)
  }

  @Test mutating func `a retransmission stream is known again too`() throws {
    let first = encodings[1].frame()[0].retransmitted(payloadType: Dialect.first.rtx, ssrc: SSRC(0x201), sequence: 9)
    try call.send([first], from: publisher)
    #expect(call.counters.rtxReceived == 1)
    stopNaming()
    try unpublish()
    try publish()
    try send(keyOf: [0, 1])
    let frame = encodings[1].frame(packets: 2)
    try call.send([frame[1]], from: publisher)
    let repair = frame[0].retransmitted(payloadType: Dialect.first.rtx, ssrc: SSRC(0x201), sequence: 10)
    try call.send([repair], from: publisher)
    #expect(call.counters.rtxReceived == 2)
    #expect(subscriber.media.last?.payload == frame[0].payload)
  }

  @Test mutating func `an encoder that began anew is told by its names, whatever was remembered`() throws {
    try unpublish()
    try publish()
    for index in encodings.indices { encodings[index].ssrc = SSRC(0x900 + UInt32(index)) }
    let before = subscriber.media.count
    try send(keyOf: [0, 1])
    #expect(subscriber.media.count == before + 1)
    stopNaming()
    try unpublish()
    try publish()
    try send(keyOf: [0, 1])
    #expect(subscriber.media.count == before + 2)
  }

  @Test mutating func `what one m-line was says nothing of another`() throws {
    stopNaming()
    try unpublish()
    try publish(mid: "screen")
    let before = subscriber.media.count
    try send(keyOf: [0, 1])
    #expect(subscriber.media.count == before)
    #expect(call.counters.drops(.unknownSSRC) == 2)
  }

  @Test mutating func `what a subscriber said of a track ends with it`() throws {
    let member = try #require(publisher.member)
    try call.send(.constraints(Constraints(member: member, track: "camera", paused: true)), from: subscriber)
    try unpublish()
    try publish()
    let before = subscriber.media.count
    try send(keyOf: [0, 1])
    #expect(subscriber.media.count == before + 1)
  }
}
