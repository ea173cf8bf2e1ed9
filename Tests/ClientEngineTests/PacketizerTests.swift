import ClientEngine
import TestKit
import Testing

@Suite struct PacketizerTests {
  @Test func `the parts of a frame put together are the frame, whatever its size`() {
    var random = SeededRandom(seed: 1)
    for size in [0, 1, 2, 1_099, 1_100, 1_101, 2_200, 2_201, 5_000, 65_536, 200_000] {
      let frame = random.bytes(size)
      let payloads = FramePacketizer.packetize(frame)
      #expect(payloads.flatMap { $0.dropFirst() } == frame)
      #expect(payloads.count == max(1, (size + 1_099) / 1_100))
    }
  }

  @Test func `all packets of a frame but the last have one length, and none is too long`() {
    var random = SeededRandom(seed: 2)
    for _ in 0..<50 {
      let payloads = FramePacketizer.packetize(random.bytes(Int.random(in: 1...20_000, using: &random)))
      let lengths = payloads.map(\.count)
      #expect(Set(lengths.dropLast()).count <= 1)
      #expect(lengths.allSatisfy { $0 <= FramePacketizer.maximumFragment + 1 })
      #expect(lengths.last.map { $0 <= lengths[0] && $0 > 1 } == true)
    }
  }

  @Test func `only the first packet says that a frame starts`() {
    let payloads = FramePacketizer.packetize([UInt8](repeating: 7, count: 4_000))
    #expect(payloads.map { $0[0] } == [0x10, 0, 0, 0])
  }

  @Test(arguments: [
    ([0x10] as [UInt8], 1), ([0x00, 0xFF], 1),
    // Extended: nothing, a short and a long picture id, all fields (RFC 7741 section 4.2).
    ([0x90, 0x00], 2), ([0x90, 0x80, 0x11], 3), ([0x90, 0x80, 0x81, 0x11], 4), ([0x90, 0xE0, 0x81, 0x11, 0, 0], 6),
    ([0x80, 0x40, 0], 3), ([0x80, 0x10, 0], 3), ([0x80, 0x30, 0], 3),
  ])
  func `payload descriptors of every form have the length of RFC 7741`(bytes: [UInt8], length: Int) {
    #expect(VP8PayloadDescriptor.length(in: bytes.span) == length)
    #expect(VP8PayloadDescriptor.length(in: (bytes + [1, 2, 3]).span) == length)
    for cut in 0..<length { #expect(VP8PayloadDescriptor.length(in: Array(bytes.prefix(cut)).span) == nil) }
  }
}
