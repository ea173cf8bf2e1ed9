import CallKit
import Forwarding
import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// What the relay reads at once it forwards leg by leg; nobody may see a difference.
@Suite struct BurstTests {
  /// A publisher of sound and pictures, and three who receive both.
  private struct Scene {
    let call: HopCall
    let publisher: HopPeer
    let subscribers: [HopPeer]
    var camera = VideoSource(.first, ssrc: 0x1111, mid: "send-v")
    var sound: UInt16 = 100

    init(subscribers count: Int = 3, batch: Int = 256) throws {
      let call = try HopCall(seed: 77, batch: batch)
      self.call = call
      publisher = try call.connect(
        [.sending(.audio, "send-a", ssrc: 0x3333), .sending(.video, "send-v", ssrc: 0x1111, rtx: 0x2222)],
        publishing: [
          Publish.Track(id: "mic", source: .microphone, mid: "send-a"),
          Publish.Track(id: "camera", source: .camera, mid: "send-v"),
        ])
      subscribers = try (0..<count).map { _ in
        try call.connect([.receiving(.audio, "a0"), .receiving(.video, "v0")], .second)
      }
    }

    mutating func word() -> WirePacket {
      sound &+= 1
      return WirePacket(
        payloadType: Dialect.first.opus, sequence: sound, timestamp: UInt32(sound) * 960, ssrc: SSRC(0x3333),
        mid: "send-a", audioLevel: 0x80 | 30, payload: [UInt8(truncatingIfNeeded: sound), 7])
    }

    /// Pictures with sound between their packets, padding, a packet that comes late, and more packets than one burst
    /// holds.
    mutating func everything() -> [WirePacket] {
      var packets = camera.frame(isKey: true, packets: 5)
      packets.insert(word(), at: 3)
      packets += [camera.paddingPacket(), word(), word()]
      var late = camera.frame(packets: 4)
      late.append(late.remove(at: 1))
      packets += late + [camera.paddingPacket()]
      packets += camera.frame(packets: 40) + [word()] + camera.frame(isKey: true, packets: 2)
      return packets
    }

    /// What each subscriber got, in its order, with the relay's own numbers.
    var seen: [[[UInt8]]] {
      subscribers.map { $0.media.map { media in media.header.ssrc.rawValue.bytes + media.bytes } }
    }
  }

  @Test func `each subscriber gets the same, to the bit, whether packets are read at once or one by one`() throws {
    var one = try Scene()
    var burst = try Scene()
    let sent = one.everything()
    try one.call.send(sent, from: one.publisher)
    try burst.call.sendAtOnce(burst.everything(), from: burst.publisher)
    // All but the padding.
    #expect(one.seen.map(\.count) == [Int](repeating: sent.count - 2, count: 3))
    for (got, expected) in zip(burst.seen, one.seen) {
      #expect(got.count == expected.count)
      let differing = zip(got, expected).enumerated().first { $1.0 != $1.1 }?.offset
      #expect(differing == nil, "the first packet that is another")
    }
    #expect(burst.call.counters.packetsForwarded == one.call.counters.packetsForwarded)
    #expect(burst.call.counters.bytesForwarded == one.call.counters.bytesForwarded)
    #expect(burst.call.counters.drops(.paddingOnly) == 2)
  }

  /// In a large room all copies of a burst are more than one batch holds: they leave in pieces.
  @Test(arguments: [(subscribers: 3, batch: 256), (subscribers: 24, batch: 96)])
  func `what was read at once leaves grouped by subscriber`(subscribers: Int, batch: Int) throws {
    var scene = try Scene(subscribers: subscribers, batch: batch)
    let frame = scene.camera.frame(isKey: true, packets: 6)
    scene.call.shards.receive(
      burst: frame.map { scene.publisher.protectedRTP($0.bytes(scene.publisher.dialect.ids)) },
      from: scene.publisher.endpoint, to: scene.call.shards.endpoint(of: scene.publisher.connection),
      at: scene.call.now)
    var destinations: [Endpoint] = []
    try scene.call.shards.drain(at: scene.call.now) { _, _, destination in
      destinations.append(destination)
    } event: { _ in
    }
    #expect(destinations.count == 6 * subscribers)
    #expect(zip(destinations, destinations.dropFirst()).count { $0 != $1 } == subscribers - 1)
    #expect(Set(destinations) == Set(scene.subscribers.map(\.endpoint)))
    #expect(scene.call.shards.slabs.allSatisfy { $0.inUse == 0 }, "the burst gave its packets back")
  }
}

extension UInt32 {
  fileprivate var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> UInt32(24 - 8 * $0)) } }
}
