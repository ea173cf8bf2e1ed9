import ClientEngine
import TestKit
import Testing
import WireBytes

@Suite struct FrameAssemblerTests {
  @Test func `frames of any size come out whole and in order`() {
    var stream = PacketStream(seed: 3)
    var assembler = FrameAssembler(.video)
    for (index, size) in [60_000, 1, 17, 1_100, 1_101, 40_000, 250, 9_999].enumerated() {
      let (packets, sealed) = stream.frame(size: size, isKeyFrame: index == 0)
      var frames: [AssembledFrame] = []
      for packet in packets {
        #expect(assembler.insert(packet) == .stored)
        frames += assembler.advance()
      }
      #expect(frames.map(\.payload) == [sealed])
      #expect(frames.first?.isKeyFrame == (index == 0))
      #expect(frames.first?.timestamp == packets[0].timestamp)
    }
    #expect(assembler.incompleteFrames == 0)
    #expect(!assembler.wantsKeyFrame)
  }

  @Test(arguments: 0..<20)
  func `reordered and doubled packets change nothing`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var stream = PacketStream(seed: seed)
    var packets: [MediaPacket] = []
    var sent: [[UInt8]] = []
    for index in 0..<40 {
      let frame = stream.frame(size: Int.random(in: 1...6_000, using: &random), isKeyFrame: index % 15 == 0)
      packets += frame.packets
      sent.append(frame.sealed)
    }
    // Each packet is moved by a few places, and one in eight comes twice.
    var arrivals = packets.enumerated().flatMap { index, packet -> [(Double, MediaPacket)] in
      let copies = Int.random(in: 0..<8, using: &random) == 0 ? 2 : 1
      return (0..<copies).map { _ in (Double(index) + Double.random(in: 0..<6, using: &random), packet) }
    }
    arrivals.sort { $0.0 < $1.0 }
    var assembler = FrameAssembler(.video)
    var received: [[UInt8]] = []
    var stored = 0
    for (_, packet) in arrivals {
      if assembler.insert(packet) == .stored { stored += 1 }
      received += assembler.advance().map(\.payload)
    }
    #expect(received == sent)
    #expect(stored == packets.count)
  }

  @Test func `a stream whose first packets are reordered starts at its key frame`() {
    var stream = PacketStream(seed: 4)
    let key = stream.frame(size: 5_000, isKeyFrame: true)
    let delta = stream.frame(size: 800)
    var assembler = FrameAssembler(.video)
    var received: [[UInt8]] = []
    for packet in delta.packets + key.packets.reversed() {
      #expect(assembler.insert(packet) == .stored)
      received += assembler.advance().map(\.payload)
    }
    #expect(received == [key.sealed, delta.sealed])
  }

  @Test func `a gap is waited for, and a packet that comes late closes it`() {
    var stream = PacketStream(seed: 5)
    var assembler = FrameAssembler(.video)
    let frames = [
      stream.frame(size: 3_000, isKeyFrame: true, at: milliseconds(0)), stream.frame(size: 3_000, at: milliseconds(33)),
      stream.frame(size: 3_000, at: milliseconds(66)),
    ]
    var received: [[UInt8]] = []
    let lost = frames[1].packets[1]
    for packet in frames.flatMap(\.packets) where packet.sequence != lost.sequence {
      _ = assembler.insert(packet)
      received += assembler.advance().map(\.payload)
    }
    #expect(received == [frames[0].sealed])
    #expect(assembler.expire(at: milliseconds(400)).isEmpty)
    #expect(assembler.insert(lost) == .stored)
    received += assembler.advance().map(\.payload)
    #expect(received == frames.map(\.sealed))
    #expect(assembler.nextDeadline == .never)
  }

  @Test func `video behind a packet that never comes waits for a key frame, and asks for one`() {
    var stream = PacketStream(seed: 6)
    var assembler = FrameAssembler(.video)
    let first = stream.frame(size: 900, isKeyFrame: true, at: milliseconds(0))
    let broken = stream.frame(size: 3_000, at: milliseconds(33))
    let behind = stream.frame(size: 900, at: milliseconds(66))
    for packet in first.packets + broken.packets.dropLast() + behind.packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().map(\.payload) == [first.sealed])
    #expect(!assembler.wantsKeyFrame)
    #expect(assembler.nextDeadline == milliseconds(533))
    #expect(assembler.expire(at: milliseconds(533)).isEmpty)
    #expect(assembler.wantsKeyFrame)
    #expect(assembler.incompleteFrames == 1)

    let key = stream.frame(size: 2_500, isKeyFrame: true, at: milliseconds(600))
    let next = stream.frame(size: 100, at: milliseconds(633))
    for packet in key.packets + next.packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().map(\.payload) == [key.sealed, next.sealed])
    #expect(!assembler.wantsKeyFrame)
    #expect(assembler.undecodableFrames == 1)
    #expect(assembler.insert(broken.packets[2]) == .late)
  }

  @Test func `audio goes on behind a packet that never comes`() {
    var assembler = FrameAssembler(.audio)
    func packet(_ sequence: Int64, at time: UInt64) -> MediaPacket {
      MediaPacket(
        sequence: sequence, timestamp: UInt32(sequence) &* 960, startsFrame: true, endsFrame: true, isKeyFrame: false,
        payload: [UInt8(truncatingIfNeeded: sequence)], arrivedAt: milliseconds(time))
    }
    var received: [UInt8] = []
    for (sequence, time) in [(1, 0), (2, 20), (5, 80), (6, 100)] as [(Int64, UInt64)] {
      _ = assembler.insert(packet(sequence, at: time))
      received += assembler.advance().flatMap(\.payload)
    }
    #expect(received == [1, 2])
    #expect(assembler.expire(at: milliseconds(179)).isEmpty)
    received += assembler.expire(at: milliseconds(180)).flatMap(\.payload)
    #expect(received == [1, 2, 5, 6])
    #expect(assembler.incompleteFrames == 2)
    #expect(!assembler.wantsKeyFrame)
    #expect(assembler.insert(packet(3, at: 181)) == .late)
  }

  @Test func `a source that ends in the middle of a frame makes way for the next key frame`() {
    var stream = PacketStream(seed: 7)
    var assembler = FrameAssembler(.video)
    let first = stream.frame(size: 900, isKeyFrame: true)
    var cut = PacketStream(seed: 8)
    _ = cut.frame(size: 900)
    let half = cut.frame(size: 3_000).packets.prefix(2)
    stream.skip(2)
    let other = stream.frame(size: 4_000, isKeyFrame: true)
    for packet in first.packets + half + other.packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().map(\.payload) == [first.sealed, other.sealed])
    #expect(assembler.incompleteFrames == 1)
  }

  @Test func `padding between frames is passed over`() {
    var stream = PacketStream(seed: 9)
    var assembler = FrameAssembler(.video)
    let first = stream.frame(size: 900, isKeyFrame: true)
    let padding = [stream.padding(), stream.padding()]
    let second = stream.frame(size: 900)
    for packet in first.packets + padding + second.packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().map(\.payload) == [first.sealed, second.sealed])
    #expect(assembler.incompleteFrames == 0)
  }

  @Test func `a frame that does not open makes the stream wait for a key frame`() {
    var stream = PacketStream(seed: 10)
    var assembler = FrameAssembler(.video)
    for packet in stream.frame(size: 900, isKeyFrame: true).packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().count == 1)
    assembler.requireKeyFrame()
    #expect(assembler.wantsKeyFrame)
    for packet in stream.frame(size: 900).packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().isEmpty)
    let key = stream.frame(size: 900, isKeyFrame: true)
    for packet in key.packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().map(\.payload) == [key.sealed])
  }

  @Test func `what is held back stays bounded however long a gap lasts`() {
    var stream = PacketStream(seed: 11)
    var assembler = FrameAssembler(.video)
    for packet in stream.frame(size: 900, isKeyFrame: true).packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().count == 1)
    stream.skip(1)
    for _ in 0..<3_000 {
      for packet in stream.frame(size: 900).packets { _ = assembler.insert(packet) }
      #expect(assembler.advance().isEmpty)
    }
    let key = stream.frame(size: 900, isKeyFrame: true)
    for packet in key.packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().map(\.payload) == [key.sealed])
    #expect(assembler.undecodableFrames >= 3_000 - 1)
  }

  @Test func `a jump of the sequence starts anew at a key frame`() {
    var stream = PacketStream(seed: 12)
    var assembler = FrameAssembler(.video)
    for packet in stream.frame(size: 900, isKeyFrame: true).packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().count == 1)
    stream.skip(20_000)
    let delta = stream.frame(size: 900)
    let key = stream.frame(size: 900, isKeyFrame: true)
    for packet in delta.packets + key.packets { _ = assembler.insert(packet) }
    #expect(assembler.advance().map(\.payload) == [key.sealed])
  }

  @Test(arguments: 0..<10)
  func `whatever is lost, what comes out was sent, in order, and starts again at key frames only`(seed: UInt64) {
    var random = SeededRandom(seed: seed &+ 100)
    var stream = PacketStream(seed: seed)
    var assembler = FrameAssembler(.video)
    var sent: [[UInt8]: (ordinal: Int, isKey: Bool)] = [:]
    var received: [(ordinal: Int, isKey: Bool)] = []
    for ordinal in 0..<300 {
      let now = milliseconds(UInt64(ordinal) * 33)
      let isKey = ordinal % 40 == 0
      let frame = stream.frame(size: Int.random(in: 20...5_000, using: &random), isKeyFrame: isKey, at: now)
      sent[frame.sealed] = (ordinal, isKey)
      var frames = assembler.expire(at: now)
      for packet in frame.packets where Int.random(in: 0..<50, using: &random) != 0 {
        _ = assembler.insert(packet)
        frames += assembler.advance()
      }
      for frame in frames {
        let record = sent[frame.payload]
        #expect(record?.isKey == frame.isKeyFrame)
        if let record { received.append(record) }
      }
    }
    #expect(received.count > 50)
    for (before, after) in zip(received, received.dropFirst()) {
      #expect(after.ordinal > before.ordinal)
      #expect(after.ordinal == before.ordinal + 1 || after.isKey)
    }
  }
}
