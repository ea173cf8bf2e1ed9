import WireBytes

/// Walks a compound RTCP packet; reduced-size compounds (RFC 5506) are fine.
package struct RTCPReader: ~Escapable {
  private let bytes: Span<UInt8>
  private var offset = 0

  /// Sequence numbers taken from one NACK; a packet that asks for more is not honest.
  private static let maximumLost = 512

  @_lifetime(copy compound)
  package init(_ compound: Span<UInt8>) { bytes = compound }

  /// The next packet; nil at the end. After `badRTCP` or `badPadding` the rest of the compound is not to be trusted.
  @_lifetime(self: copy self)
  package mutating func next() throws(RTPError) -> RTCPPacket? {
    guard offset < bytes.count else { return nil }
    guard bytes.count - offset >= 4, bytes[offset] >> 6 == 2 else { throw .badRTCP }
    let length = 4 * (Int(bytes.u16(at: offset + 2)) + 1)
    guard bytes.count - offset >= length else { throw .badRTCP }
    var end = offset + length
    if bytes[offset] & 0x20 != 0 {
      let padding = Int(bytes[end - 1])
      guard padding > 0, padding <= length - 4 else { throw .badPadding }
      end -= padding
    }
    let count = bytes[offset] & 0x1F
    let type = bytes[offset + 1]
    let body = bytes.extracting((offset + 4)..<end)
    offset += length
    do throws(ByteError) { return try Self.parse(type, count, body) } catch { throw .badRTCP }
  }

  private static func parse(_ type: UInt8, _ count: UInt8, _ body: Span<UInt8>) throws(ByteError) -> RTCPPacket {
    var reader = ByteReader(body)
    switch type {
    case 200:
      let ssrc = SSRC(try reader.u32())
      let info = SenderInfo(
        ntp: try reader.u64(), rtpTimestamp: try reader.u32(), packets: try reader.u32(), octets: try reader.u32())
      return .senderReport(ssrc: ssrc, info: info, blocks: try blocks(count, &reader))
    case 201:
      let ssrc = SSRC(try reader.u32())
      return .receiverReport(ssrc: ssrc, blocks: try blocks(count, &reader))
    case 202:
      return .sdes
    case 203:
      var ssrcs: [SSRC] = []
      for _ in 0..<count { ssrcs.append(SSRC(try reader.u32())) }
      return .bye(ssrcs)
    case 205, 206:
      return try feedback(type, count, &reader)
    default:
      return .unknown(type: type, fmt: count)
    }
  }

  private static func blocks(_ count: UInt8, _ reader: inout ByteReader) throws(ByteError) -> [ReportBlock] {
    var blocks: [ReportBlock] = []
    for _ in 0..<count {
      let ssrc = SSRC(try reader.u32())
      let fraction = try reader.u8()
      let lost = Int32(bitPattern: try reader.u24() << 8) >> 8
      blocks.append(
        ReportBlock(
          ssrc: ssrc, fractionLost: fraction, cumulativeLost: lost, highestSequence: try reader.u32(),
          jitter: try reader.u32(), lastSR: try reader.u32(), delaySinceLastSR: try reader.u32()))
    }
    return blocks
  }

  private static func feedback(
    _ type: UInt8, _ format: UInt8, _ reader: inout ByteReader
  ) throws(ByteError) -> RTCPPacket {
    let sender = SSRC(try reader.u32())
    let media = SSRC(try reader.u32())
    switch (type, format) {
    case (205, 1): return .nack(sender: sender, media: media, lost: try lost(&reader))
    case (205, 15): return .transportFeedback(sender: sender, media: media)
    case (206, 1): return .pli(sender: sender, media: media)
    case (206, 4):
      var targets: [SSRC] = []
      while reader.remaining >= 8 {
        targets.append(SSRC(try reader.u32()))
        try reader.skip(4)
      }
      return .fir(sender: sender, media: targets)
    case (206, 15):
      // Other application layer feedback may have any content.
      guard reader.remaining >= 4, try reader.u32() == 0x5245_4D42 else { return .unknown(type: type, fmt: format) }
      let count = try reader.u8()
      let packed = try reader.u24()
      // The exponent has six bits: a shift beyond 64 bits saturates.
      let (exponent, mantissa) = (UInt64(packed >> 18), UInt64(packed & 0x3FFFF))
      let bitrate = mantissa == 0 ? 0 : exponent > 46 ? UInt64.max : mantissa << exponent
      var ssrcs: [SSRC] = []
      for _ in 0..<count { ssrcs.append(SSRC(try reader.u32())) }
      return .remb(sender: sender, bitrate: bitrate, ssrcs: ssrcs)
    default: return .unknown(type: type, fmt: format)
    }
  }

  private static func lost(_ reader: inout ByteReader) throws(ByteError) -> [UInt16] {
    var lost: [UInt16] = []
    while reader.remaining >= 4, lost.count + 17 <= maximumLost {
      let first = try reader.u16()
      let mask = try reader.u16()
      lost.append(first)
      for bit in 0..<16 where mask >> UInt16(bit) & 1 == 1 { lost.append(first &+ UInt16(bit) &+ 1) }
    }
    return lost
  }
}
