package import WireBytes

/// Appends RTCP packets to a compound.
package enum RTCPWriter {
  /// What the count field of the header holds.
  private static let maximumCount = 31

  /// Blocks beyond the 31 of one packet follow in receiver reports (RFC 3550 section 6.1).
  package static func senderReport(
    ssrc: SSRC, info: SenderInfo, blocks: [ReportBlock], into bytes: inout [UInt8]
  ) {
    let own = blocks.prefix(maximumCount)
    header(200, count: own.count, words: 6 + 6 * own.count, into: &bytes)
    bytes.append(u32: ssrc.rawValue)
    bytes.append(u64: info.ntp)
    bytes.append(u32: info.rtpTimestamp)
    bytes.append(u32: info.packets)
    bytes.append(u32: info.octets)
    append(own, into: &bytes)
    if blocks.count > own.count {
      receiverReport(ssrc: ssrc, blocks: Array(blocks.dropFirst(own.count)), into: &bytes)
    }
  }

  /// One packet for every 31 blocks, and one without any if there are none (RFC 3550 section 6.4.2).
  package static func receiverReport(ssrc: SSRC, blocks: [ReportBlock], into bytes: inout [UInt8]) {
    var rest = blocks[...]
    repeat {
      let own = rest.prefix(maximumCount)
      rest = rest.dropFirst(own.count)
      header(201, count: own.count, words: 1 + 6 * own.count, into: &bytes)
      bytes.append(u32: ssrc.rawValue)
      append(own, into: &bytes)
    } while !rest.isEmpty
  }

  /// One chunk with one CNAME of at most 255 bytes (RFC 3550 section 6.5).
  package static func sdes(ssrc: SSRC, cname: String, into bytes: inout [UInt8]) {
    let name = Array(cname.utf8.prefix(255))
    var chunk: [UInt8] = []
    chunk.append(u32: ssrc.rawValue)
    chunk += [1, UInt8(name.count)] + name
    // At least one zero ends the items, and the chunk fills whole words.
    repeat { chunk.append(0) } while chunk.count % 4 != 0
    header(202, count: 1, words: chunk.count / 4, into: &bytes)
    bytes += chunk
  }

  /// Packs `lost`, in ascending order on the circle, into pairs of packet id and bit mask.
  package static func nack(sender: SSRC, media: SSRC, lost: [UInt16], into bytes: inout [UInt8]) {
    var pairs: [(first: UInt16, mask: UInt16)] = []
    for sequence in lost {
      if let last = pairs.last {
        let distance = sequence &- last.first
        if distance == 0 { continue }
        if distance <= 16 {
          pairs[pairs.count - 1].mask |= 1 << (distance - 1)
          continue
        }
      }
      pairs.append((sequence, 0))
    }
    header(205, count: 1, words: 2 + pairs.count, into: &bytes)
    bytes.append(u32: sender.rawValue)
    bytes.append(u32: media.rawValue)
    for pair in pairs {
      bytes.append(u16: pair.first)
      bytes.append(u16: pair.mask)
    }
  }

  package static func pli(sender: SSRC, media: SSRC, into bytes: inout [UInt8]) {
    header(206, count: 1, words: 2, into: &bytes)
    bytes.append(u32: sender.rawValue)
    bytes.append(u32: media.rawValue)
  }

  /// `bitrate` in bits per second, rounded down to 18 significant bits; at most 255 `ssrcs`, the rest is left out.
  package static func remb(sender: SSRC, bitrate: UInt64, ssrcs: [SSRC], into bytes: inout [UInt8]) {
    var (mantissa, exponent) = (bitrate, UInt32(0))
    while mantissa > 0x3FFFF {
      mantissa >>= 1
      exponent += 1
    }
    let ssrcs = ssrcs.prefix(255)
    header(206, count: 15, words: 4 + ssrcs.count, into: &bytes)
    bytes.append(u32: sender.rawValue)
    bytes.append(u32: 0)
    bytes.append(u32: 0x5245_4D42)
    bytes.append(UInt8(ssrcs.count))
    bytes.append(u24: exponent << 18 | UInt32(mantissa))
    for ssrc in ssrcs { bytes.append(u32: ssrc.rawValue) }
  }

  /// One packet for every 31 sources; nothing for none.
  package static func bye(ssrcs: [SSRC], into bytes: inout [UInt8]) {
    var rest = ssrcs[...]
    while !rest.isEmpty {
      let own = rest.prefix(maximumCount)
      rest = rest.dropFirst(own.count)
      header(203, count: own.count, words: own.count, into: &bytes)
      for ssrc in own { bytes.append(u32: ssrc.rawValue) }
    }
  }

  private static func header(_ type: UInt8, count: Int, words: Int, into bytes: inout [UInt8]) {
    precondition(count <= maximumCount, "an RTCP header counts up to 31")
    bytes.append(0x80 | UInt8(count))
    bytes.append(type)
    bytes.append(u16: UInt16(words))
  }

  private static func append(_ blocks: ArraySlice<ReportBlock>, into bytes: inout [UInt8]) {
    for block in blocks {
      bytes.append(u32: block.ssrc.rawValue)
      bytes.append(block.fractionLost)
      bytes.append(u24: UInt32(bitPattern: block.cumulativeLost) & 0xFF_FFFF)
      bytes.append(u32: block.highestSequence)
      bytes.append(u32: block.jitter)
      bytes.append(u32: block.lastSR)
      bytes.append(u32: block.delaySinceLastSR)
    }
  }
}
