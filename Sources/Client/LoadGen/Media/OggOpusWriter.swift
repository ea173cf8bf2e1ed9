import WireBytes

/// Writes Opus packets of 20 ms as an Ogg Opus file (RFC 7845), which any player opens.
package struct OggOpusWriter {
  package private(set) var bytes: [UInt8] = []
  private let serial: UInt32
  private var page: UInt32 = 0
  private var granule: UInt64 = 0
  /// The last packet is kept back: its page ends the stream (RFC 7845 section 4), and an empty packet would be no Opus.
  private var pending: [UInt8]?

  /// `preSkip`: samples at 48 kHz that a player drops at the start: the encoder's look-ahead.
  package init(serial: UInt32, preSkip: UInt16) {
    self.serial = serial
    var head = Array("OpusHead".utf8)
    head += [1, 1]
    head.append(u16: preSkip.byteSwapped)
    head.append(u32: UInt32(48_000).byteSwapped)
    head += [0, 0, 0]
    write(head, flags: 0x02, granule: 0)
    var tags = Array("OpusTags".utf8)
    let vendor = Array("sfu-loadgen".utf8)
    tags.append(u32: UInt32(vendor.count).byteSwapped)
    tags += vendor
    tags.append(u32: 0)
    write(tags, flags: 0, granule: 0)
  }

  package mutating func append(packet: [UInt8], samples: UInt32 = 960) {
    if let pending { write(pending, flags: 0, granule: granule) }
    pending = packet
    granule += UInt64(samples)
  }

  /// Writes the last packet and marks the stream's end. Nothing may follow.
  package mutating func finish() {
    if let pending { write(pending, flags: 0x04, granule: granule) }
    pending = nil
  }

  /// One packet per page; a page holds at most 255 segments of 255 bytes, far above an Opus packet.
  private mutating func write(_ packet: [UInt8], flags: UInt8, granule: UInt64) {
    var out = Array("OggS".utf8)
    out += [0, flags]
    out.append(u64: granule.byteSwapped)
    out.append(u32: serial.byteSwapped)
    out.append(u32: page.byteSwapped)
    out.append(u32: 0)
    let full = packet.count / 255
    out.append(UInt8(full + 1))
    out += [UInt8](repeating: 255, count: full)
    out.append(UInt8(packet.count % 255))
    out += packet
    let checksum = Self.checksum(out)
    for index in 0..<4 { out[22 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
    bytes += out
    page += 1
  }

  /// CRC-32 with polynomial 0x04C11DB7, not reflected, without inversion (RFC 3533 section 6).
  private static func checksum(_ page: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0
    for byte in page { crc = crc << 8 ^ table[Int(UInt8(truncatingIfNeeded: crc >> 24) ^ byte)] }
    return crc
  }

  private static let table: [UInt32] = (0..<256).map { index in
    var value = UInt32(index) << 24
    for _ in 0..<8 { value = value & 0x8000_0000 != 0 ? value << 1 ^ 0x04C1_1DB7 : value << 1 }
    return value
  }
}
