import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// More publications than slots: who gets them.
@Suite struct SlotTests {
  private let call: HopCall
  private let publishers: [HopPeer]
  private let viewer: HopPeer
  private let ids: [MemberID]

  init() throws {
    let call = try HopCall(seed: 70)
    self.call = call
    publishers = try (0..<4).map { number in
      try call.connect(
        [
          .sending(.audio, "a", ssrc: 0x100 + UInt32(number)), .sending(.video, "v", ssrc: 0x200 + UInt32(number)),
        ],
        publishing: [
          Publish.Track(id: "mic", source: .microphone, mid: "a"),
          Publish.Track(id: "camera", source: .camera, mid: "v"),
        ])
    }
    viewer = try call.connect([.receiving(.audio, "a0"), .receiving(.video, "v0"), .receiving(.video, "v1")], .second)
    ids = try publishers.map { try #require($0.member) }
  }

  private func camera(_ number: Int) -> TrackReference { TrackReference(member: ids[number], track: "camera") }

  private func shown(_ mid: String) -> Int? { viewer.slots[mid]?.member.flatMap { ids.firstIndex(of: $0) } }

  private func speak(_ number: Int, for duration: UInt64 = 600) throws {
    for step in 0..<UInt16(duration / 20) {
      let packet = WirePacket(
        payloadType: Dialect.first.opus, sequence: 100 + step, timestamp: 960 * UInt32(step),
        ssrc: SSRC(0x100 + UInt32(number)), audioLevel: 0x80 | 10, payload: [UInt8](repeating: 3, count: 60))
      try call.send([packet], from: publishers[number])
      try call.run(for: .milliseconds(20))
    }
  }

  @Test func `the first publications have the slots, and what waits gets none`() throws {
    #expect((shown("v0"), shown("v1")) == (0, 1))
    #expect(shown("a0") == 0)
    var sources = (0..<4).map { VideoSource(.first, ssrc: 0x200 + UInt32($0)) }
    for number in sources.indices { try call.send(sources[number].frame(isKey: true), from: publishers[number]) }
    #expect(viewer.media.map(\.mid) == ["v0", "v1"])
    #expect(viewer.slots.values.allSatisfy { $0.why == .published })
  }

  @Test func `a speaker takes the slot of one who is silent`() throws {
    try speak(3)
    #expect([shown("v0"), shown("v1")].contains(3))
    #expect(shown("a0") == 3)
    #expect(viewer.slots["a0"]?.why == .speaker)
    let named = viewer.messages.compactMap { if case .speakers(let speakers) = $0 { speakers.members } else { nil } }
    #expect(named.first == [ids[3]])
    // Silence takes nothing away.
    try call.run(for: .seconds(3))
    #expect(shown("a0") == 3)
    // The slot goes on as one stream of audio.
    let numbers = viewer.media.map(\.header.sequenceNumber)
    #expect(numbers.count > 5)
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
  }

  @Test func `a wish goes before a speaker, and its end gives the slot back`() throws {
    try call.send(.subscribe(TrackSelection(tracks: [camera(2)])), from: viewer)
    let mid = try #require(["v0", "v1"].first { shown($0) == 2 })
    #expect(viewer.slots[mid]?.why == .wish)
    try speak(3)
    try speak(1)
    #expect(shown(mid) == 2)
    try call.send(.unsubscribe(TrackSelection(tracks: [camera(2)])), from: viewer)
    #expect(shown(mid) != 2)
    #expect(shown("v0") != shown("v1"))
    try call.send(
      .constraints(Constraints(member: ids[0], track: "camera", priority: 5)), from: viewer)
    #expect([shown("v0"), shown("v1")].contains(0))
  }

  @Test func `a slot that is free again is filled, and one without a successor says so`() throws {
    try call.send(.leave, from: publishers[0])
    #expect(Set([shown("v0"), shown("v1")]) == [1, 2])
    try call.send(.unpublish(Unpublish(tracks: ["camera"])), from: publishers[1])
    #expect(Set([shown("v0"), shown("v1")]) == [2, 3])
    try call.send(.unpublish(Unpublish(tracks: ["camera"])), from: publishers[2])
    let empty = viewer.slots.values.filter { $0.member == nil }
    #expect(empty.map(\.why) == [.ended])
    #expect(viewer.slots.values.contains { $0.member == ids[3] && $0.track == "camera" })
  }

  @Test func `another publication in a slot goes on in the same stream from its key frame`() throws {
    var sources = (0..<4).map { VideoSource(.first, ssrc: 0x200 + UInt32($0)) }
    sources[3].sequence = 60_000
    sources[3].frameNumber = 9
    try call.send(sources[0].frame(isKey: true, packets: 2), from: publishers[0])
    let mid = try #require(viewer.media.first?.mid)
    try call.send(.unsubscribe(TrackSelection(tracks: [camera(0), camera(2)])), from: viewer)
    #expect(shown(mid) == 3)
    try call.send(sources[0].frame(), from: publishers[0])
    try call.send(sources[3].frame(), from: publishers[3])
    #expect(viewer.media.count == 2)
    try call.send(sources[3].frame(isKey: true), from: publishers[3])
    try #require(viewer.media.count == 3)
    #expect(viewer.media[2].header.ssrc == viewer.media[1].header.ssrc)
    #expect(viewer.media[2].header.sequenceNumber == viewer.media[1].header.sequenceNumber &+ 1)
    #expect(viewer.media[2].descriptor?.frameNumber == (viewer.media[1].descriptor?.frameNumber ?? 0) &+ 1)
  }
}
