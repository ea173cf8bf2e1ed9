import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// A publisher whose browser drops its upper encodings when it is short of processor or bandwidth, in virtual time.
@Suite struct LayerFallbackTests {
  private let call: HopCall
  private let publisher: HopPeer
  private let subscriber: HopPeer
  private let publisherID: MemberID
  private var encodings: [VideoSource]
  /// Encodings that answer the requests for key frames.
  private var answers: Set<Int> = [0, 1, 2]

  init() throws {
    call = try HopCall(seed: 63)
    publisher = try call.connect(
      [.sending(.video, "cam", rids: ["q", "h", "f"])],
      publishing: [Publish.Track(id: "camera", source: .camera, mid: "cam", rids: ["q", "h", "f"])])
    subscriber = try call.connect([.receiving(.video, "v0")], .second)
    publisherID = try #require(publisher.member)
    encodings = ["q", "h", "f"].enumerated().map { index, rid in
      var source = VideoSource(.first, ssrc: 0x100 + UInt32(index), mid: "cam", rid: rid)
      source.sequence = UInt16(10_000 * (index + 1))
      source.height = 180 << UInt16(index)
      source.payloadSize = 100 + index
      return source
    }
  }

  /// Frames of the encodings that are sent, 25 per second; an encoder makes a key frame when it is asked for one.
  private mutating func send(_ sent: Set<Int>, for milliseconds: UInt64, keyOf keys: Set<Int> = []) throws {
    for step in 0..<milliseconds / 40 {
      let asked = Set(publisher.keyFrameRequests.map { Int($0.rawValue) - 0x100 })
      publisher.control.removeAll { if case .pli = $0.packet { true } else { false } }
      for index in sent.sorted() {
        let isKey = step == 0 && keys.contains(index) || asked.contains(index) && answers.contains(index)
        try call.send(encodings[index].frame(isKey: isKey), from: publisher)
      }
      try call.run(for: .milliseconds(40))
    }
  }

  /// Which encoding each picture came from; sizes tell.
  private var shown: [Int] { subscriber.media.map { $0.payload.count - 100 } }

  private func expectContinuous(sourceLocation: SourceLocation = #_sourceLocation) {
    let media = subscriber.media
    #expect(
      zip(media, media.dropFirst()).allSatisfy { $1.header.sequenceNumber == $0.header.sequenceNumber &+ 1 },
      sourceLocation: sourceLocation)
    let switches = zip(shown, shown.dropFirst()).enumerated().filter { $1.0 != $1.1 }.map { $0.offset + 1 }
    #expect(switches.allSatisfy { media[$0].descriptor?.hasStructure == true }, sourceLocation: sourceLocation)
  }

  private func constrain(maxHeight: Int) throws {
    try call.send(
      .constraints(Constraints(member: publisherID, track: "camera", maxHeight: maxHeight)), from: subscriber)
  }

  @Test mutating func `a lower encoding is taken while the wished one does not come, and given up when it does`() throws
  {
    try send([0, 1, 2], for: 2_000, keyOf: [0, 1, 2])
    #expect(Set(shown) == [2])
    let stoppedAt = call.now
    try send([0, 1], for: 3_000)
    let gap = try #require(subscriber.media.first { $0.payload.count == 101 }).at.milliseconds(since: stoppedAt)
    #expect(gap < 1_500, "the picture stood still for \(gap) ms")
    #expect(shown.last == 1)
    #expect(subscriber.layers.last == Layers(mid: "v0", rid: "h", why: .unavailable))
    let cameBackAt = call.now
    try send([0, 1, 2], for: 3_000)
    #expect(shown.last == 2)
    #expect(subscriber.layers.last == Layers(mid: "v0", rid: "f", why: .constraints))
    let back = try #require(subscriber.media.last { $0.payload.count == 101 })
    #expect(back.at.milliseconds(since: cameBackAt) >= 900)
    expectContinuous()
  }

  @Test mutating func `two encodings that stop lead to the lowest`() throws {
    try send([0, 1, 2], for: 1_000, keyOf: [0, 1, 2])
    try send([0], for: 2_500)
    #expect(shown.last == 0)
    try send([0, 1], for: 2_500)
    #expect(shown.last == 1)
    try send([0, 1, 2], for: 2_500)
    #expect(shown.last == 2)
    expectContinuous()
  }

  @Test mutating func `an encoding that never began is not waited for`() throws {
    try send([0, 1], for: 1_500, keyOf: [0, 1])
    #expect(shown.last == 1)
    try send([0, 1, 2], for: 2_500, keyOf: [2])
    #expect(shown.last == 2)
    expectContinuous()
  }

  @Test mutating func `an encoding that comes back without a key frame takes no picture away`() throws {
    try send([0, 1, 2], for: 1_000, keyOf: [0, 1, 2])
    try send([0, 1], for: 2_500)
    answers = [0, 1]
    try send([0, 1, 2], for: 4_000)
    #expect(shown.last == 1)
    // One that blinks costs no switch.
    try send([0, 1], for: 2_000)
    answers = [0, 1, 2]
    let before = subscriber.media.count
    for _ in 0..<5 {
      try send([0, 1, 2], for: 400)
      try send([0, 1], for: 1_600)
    }
    #expect(Set(shown[before...]) == [1])
    expectContinuous()
  }

  @Test mutating func `a camera that pauses altogether keeps its encoding`() throws {
    try send([0, 1, 2], for: 1_000, keyOf: [0, 1, 2])
    let told = subscriber.layers.count
    try send([], for: 10_000)
    try send([0, 1, 2], for: 1_000)
    #expect(Set(shown) == [2])
    #expect(subscriber.layers.count == told)
    expectContinuous()
  }

  @Test mutating func `the height decides by what the encodings really are`() throws {
    for index in encodings.indices { encodings[index].height = 90 << UInt16(index) }
    try send([0, 1, 2], for: 400, keyOf: [0, 1, 2])
    try constrain(maxHeight: 180)
    try send([0, 1, 2], for: 1_000)
    #expect(shown.last == 1)
    try constrain(maxHeight: 360)
    try send([0, 1, 2], for: 1_000)
    #expect(shown.last == 2)
    expectContinuous()
  }

  @Test mutating func `a wish for an encoding that does not come gets the next lower one at once`() throws {
    try constrain(maxHeight: 180)
    try send([0, 1], for: 1_500, keyOf: [0, 1])
    #expect(Set(shown) == [0])
    try constrain(maxHeight: 720)
    #expect(subscriber.layers.last?.rid == "h")
    try send([0, 1], for: 200)
    #expect(shown.last == 1)
  }

  @Test mutating func `what was said of a track before it had a slot holds when it gets one`() throws {
    try send([0, 1, 2], for: 1_000, keyOf: [0, 1, 2])
    let late = try call.addPeer(.second)
    try call.join(late)
    try call.send(.constraints(Constraints(member: publisherID, track: "camera", maxHeight: 180)), from: late)
    try call.offer(late.offer([.receiving(.video, "v0")]), from: late)
    try send([0, 1, 2], for: 1_500)
    #expect(!late.media.isEmpty)
    #expect(late.media.allSatisfy { $0.payload.count == 100 })
  }
}
