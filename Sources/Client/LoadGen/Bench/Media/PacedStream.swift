import RTP
package import WireBytes

/// How one published stream looks on the wire.
package struct StreamShape: Sendable, Equatable {
  let isVideo: Bool
  /// Of a whole RTP packet, before the SRTP tag, bytes.
  package var packetBytes: Int
  /// Packets that leave together: what an encoder makes of one picture.
  package var packetsPerFrame: Int
  package var interval: TimeInterval

  package var packetsPerSecond: Double { Double(packetsPerFrame) / interval.seconds }

  static let audioBytes = 120
  static let videoBytes = 1200
  /// One Opus packet each 20 ms.
  static let audio = StreamShape(
    isVideo: false, packetBytes: audioBytes, packetsPerFrame: 1, interval: .milliseconds(20))
  /// 100 packets a second in frames of three: 360p at some 900 kbit/s.
  static let callVideo = StreamShape(
    isVideo: true, packetBytes: videoBytes, packetsPerFrame: 3, interval: .milliseconds(30))

  /// What an encoder at a high bitrate makes of one picture.
  private static let longestFrame = 8

  /// `rate` packets a second, in frames of `packetsPerFrame` or as many as make 30 frames a second.
  static func video(rate: Double, packetsPerFrame: Int? = nil) -> StreamShape {
    let packets = packetsPerFrame ?? min(longestFrame, max(1, Int((rate / 30).rounded())))
    return StreamShape(
      isVideo: true, packetBytes: videoBytes, packetsPerFrame: packets,
      interval: TimeInterval(nanoseconds: UInt64(1e9 * Double(packets) / rate)))
  }
}

/// One published stream: frames at their times, cut into packets as a sender of sealed frames does it.
///
/// The payload is what a sealed frame looks like to everyone on the way, bytes without a pattern. Only its last sixteen
/// say when the packet was sent and that it is one of ours.
struct PacedStream {
  static let trailerBytes = 16
  private static let mark: UInt64 = 0x5EA1_ED5F_0BE4_C401
  /// Packets that carry the mid, until a server knows the stream by its SSRC (RFC 8843 section 9.2).
  private static let packetsWithMid = 200
  private static let (width, height): (UInt16, UInt16) = (640, 360)

  private(set) var shape: StreamShape
  let ssrc: SSRC
  private let payloadType: PayloadType
  private let mid: ShortText?
  private let ids: HeaderExtensionIDs
  private let noise: [UInt8]
  /// When the next frame is due; `.never` while paused.
  private(set) var due = MonotonicInstant.never
  private var sequence: UInt16
  private var timestamp: UInt32
  private var frameNumber: UInt16 = 0
  private(set) var packets: UInt32 = 0
  private(set) var octets: UInt32 = 0
  private var wantsKeyFrame = true

  init(
    _ shape: StreamShape, ssrc: SSRC, payloadType: PayloadType, mid: String, ids: HeaderExtensionIDs,
    random: RandomSource
  ) {
    self.shape = shape
    self.ssrc = ssrc
    self.payloadType = payloadType
    self.mid = ShortText(mid)
    self.ids = ids
    noise = random.bytes(shape.packetBytes)
    sequence = random.u16() & 0x7FFF
    timestamp = random.u32()
  }

  var clockRate: UInt32 { shape.isVideo ? 90_000 : 48_000 }
  var rtpTimestamp: UInt32 { timestamp }

  /// From `time` on, in this shape, which is of the same kind of media.
  mutating func start(_ shape: StreamShape, at time: MonotonicInstant) {
    precondition(shape.isVideo == self.shape.isVideo && shape.packetBytes <= noise.count, "another kind of stream")
    self.shape = shape
    due = time
  }

  mutating func pause() { due = .never }
  mutating func requestKeyFrame() { if shape.isVideo { wantsKeyFrame = true } }

  /// Hands the due frame's packets to `send`, each written into a free slot, and moves on to the next.
  mutating func sendFrame(at now: MonotonicInstant, slab: PacketSlab, _ send: (PacketSlot?) -> Void) {
    let isKeyFrame = shape.isVideo && wantsKeyFrame
    wantsKeyFrame = false
    frameNumber &+= 1
    for index in 0..<shape.packetsPerFrame {
      let slot = slab.take()
      if let slot { write(into: slot, of: slab, index: index, isKeyFrame: isKeyFrame, at: now) }
      send(slot)
      sequence &+= 1
      packets &+= 1
      octets &+= UInt32(shape.packetBytes)
    }
    timestamp &+= UInt32(shape.interval.seconds * Double(clockRate))
    due = due + shape.interval
  }

  private func write(
    into slot: PacketSlot, of slab: PacketSlab, index: Int, isKeyFrame: Bool, at now: MonotonicInstant
  ) {
    let isLast = index == shape.packetsPerFrame - 1
    var header = EgressHeader(
      marker: shape.isVideo && isLast, payloadType: payloadType, sequenceNumber: sequence, timestamp: timestamp,
      ssrc: ssrc)
    header.ids = ids
    header.mid = packets < Self.packetsWithMid ? mid : nil
    header.audioLevel = shape.isVideo ? nil : 0x80 | 30
    let descriptor =
      shape.isVideo
      ? DependencyDescriptorWriter.write(
        startOfFrame: index == 0, endOfFrame: isLast, isKeyFrame: isKeyFrame, frameNumber: frameNumber,
        width: Self.width, height: Self.height) : []
    let size = shape.packetBytes
    slab.edit(slot) { bytes in
      let start = header.write(into: &bytes, dependencyDescriptor: descriptor.span)
      for offset in start..<size { bytes[offset] = noise[offset] }
      // The VP8 descriptor's first byte: the start of a partition, or not.
      if shape.isVideo { bytes[start] = index == 0 ? 0x10 : 0 }
      bytes.store(Self.mark, at: size - 16)
      bytes.store(now.nanoseconds, at: size - 8)
    }
    slab.setLength(size, of: slot)
  }

  /// When an opened packet was sent; nil if it is none of ours.
  static func sentAt(_ packet: Span<UInt8>) -> MonotonicInstant? {
    guard packet.count >= 12 + trailerBytes, packet.u64(at: packet.count - 16) == mark else { return nil }
    return MonotonicInstant(nanoseconds: packet.u64(at: packet.count - 8))
  }
}
