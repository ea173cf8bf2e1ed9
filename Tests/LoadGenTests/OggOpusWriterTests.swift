import LoadGen
import TestKit
import Testing

@Suite struct OggOpusWriterTests {
  private struct Page {
    let flags: UInt8
    let granule: UInt64
    let serial: UInt32
    let sequence: UInt32
    let checksum: UInt32
    let segments: [UInt8]
    let body: [UInt8]
    let raw: [UInt8]
  }

  private func pages(_ bytes: [UInt8]) throws -> [Page] {
    func number(_ range: Range<Int>) -> UInt64 { bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    var pages: [Page] = []
    var at = 0
    while at < bytes.count {
      try #require(at + 27 <= bytes.count)
      #expect(Array(bytes[at..<(at + 5)]) == Array("OggS".utf8) + [0])
      let count = Int(bytes[at + 26])
      let segments = Array(bytes[(at + 27)..<(at + 27 + count)])
      let start = at + 27 + count
      let end = start + segments.reduce(0) { $0 + Int($1) }
      pages.append(
        Page(
          flags: bytes[at + 5], granule: number((at + 6)..<(at + 14)), serial: UInt32(number((at + 14)..<(at + 18))),
          sequence: UInt32(number((at + 18)..<(at + 22))), checksum: UInt32(number((at + 22)..<(at + 26))),
          segments: segments, body: Array(bytes[start..<end]), raw: Array(bytes[at..<end])))
      at = end
    }
    return pages
  }

  /// Bit by bit, as a polynomial division: no table shared with the writer.
  private func crc(_ bytes: [UInt8]) -> UInt32 {
    var remainder: UInt64 = 0
    for byte in bytes + [0, 0, 0, 0] {
      for bit in (0..<8).reversed() {
        remainder = remainder << 1 | UInt64(byte >> UInt8(bit) & 1)
        if remainder >> 32 & 1 == 1 { remainder ^= 0x1_04C1_1DB7 }
      }
    }
    return UInt32(remainder)
  }

  private static let packets: [[UInt8]] = [1, 120, 254, 255, 256, 510, 1_275].map {
    [UInt8](repeating: UInt8($0 & 255), count: $0)
  }

  private func written() -> [UInt8] {
    var writer = OggOpusWriter(serial: 0x0102_0304, preSkip: 312)
    for packet in Self.packets { writer.append(packet: packet) }
    writer.finish()
    return writer.bytes
  }

  @Test("identification, comments, then one page for each packet, the last of which ends the stream")
  func structure() throws {
    let pages = try pages(written())
    #expect(pages.map(\.flags) == [2, 0, 0, 0, 0, 0, 0, 0, 4])
    #expect(pages.map(\.sequence) == Array(0..<9))
    #expect(pages.allSatisfy { $0.serial == 0x0102_0304 })
    #expect(pages[0].body == Array("OpusHead".utf8) + [1, 1, 0x38, 1, 0x80, 0xBB, 0, 0, 0, 0, 0])
    #expect(pages[1].body.starts(with: Array("OpusTags".utf8)))
    #expect(pages.dropFirst(2).map(\.body) == Self.packets)
    // A packet ends with a segment below 255, so that the next page does not continue it (RFC 3533 section 5).
    #expect(pages.allSatisfy { $0.segments.dropLast().allSatisfy { $0 == 255 } && $0.segments.last != 255 })
  }

  @Test("granule positions are 0 for headers, then the samples up to each page's end")
  func granules() throws {
    #expect(try pages(written()).map(\.granule) == [0, 0] + (1...7).map { UInt64($0) * 960 })
  }

  @Test("every page's checksum is that of an independent computation")
  func checksums() throws {
    for page in try pages(written()) {
      var blank = page.raw
      blank.replaceSubrange(22..<26, with: [0, 0, 0, 0])
      #expect(crc(blank) == page.checksum)
    }
  }

  @Test("a stream without packets is its two headers")
  func empty() throws {
    var writer = OggOpusWriter(serial: 1, preSkip: 0)
    writer.finish()
    #expect(try pages(writer.bytes).count == 2)
  }
}
