import RTP
import TestKit
import Testing
import WireBytes

struct RTPHeaderTests {
  @Test func `the fixed fields are read`() throws {
    let header = try PacketFixture.header(PacketFixture.plain)
    #expect(header.marker)
    #expect(header.payloadType == PayloadType(96))
    #expect(header.sequenceNumber == 0x1234)
    #expect(header.timestamp == 123_456)
    #expect(header.ssrc == SSRC(0xCAFE_BABE))
    #expect(header.headerLength == 12)
    #expect(header.payloadEnd == 15)
    #expect(header.extensionForm == .none)
    #expect(header.extensionRange.isEmpty)
  }

  @Test func `sources, extension block and padding are set apart from the payload`() throws {
    let packet = PacketFixture.full
    let header = try PacketFixture.header(packet)
    #expect(header.extensionForm == .oneByte)
    #expect(header.extensionRange == 24..<32)
    #expect(header.headerLength == 32)
    #expect(Array(packet[header.headerLength..<header.payloadEnd]) == [9, 9])
  }

  @Test(arguments: [(UInt16(0xBEDE), RTPHeader.ExtensionForm.oneByte), (0x1000, .twoByte), (0x100F, .twoByte)])
  func `both forms of RFC 8285 are known`(profile: UInt16, form: RTPHeader.ExtensionForm) throws {
    let header = try PacketFixture.header(PacketFixture.packet(profile: profile, elements: [0x10, 0x01, 0x02]))
    #expect(header.extensionForm == form)
    #expect(header.headerLength == 20)
  }

  @Test(arguments: [UInt16(0x1010), 0x0FFF, 0xBEDF, 0])
  func `another profile is skipped as a whole`(profile: UInt16) throws {
    let packet = PacketFixture.packet(profile: profile, elements: [0x10, 0x01, 0x02])
    let header = try PacketFixture.header(packet)
    #expect(header.extensionForm == .none)
    #expect(header.headerLength == 20)
    #expect(try PacketFixture.extensions(packet, PacketFixture.ids(mid: 1)).mid.isEmpty)
  }

  @Test func `an empty extension block has no elements`() throws {
    let header = try PacketFixture.header(PacketFixture.packet(profile: 0xBEDE, elements: [], payload: []))
    #expect(header.headerLength == 16)
    #expect(header.extensionRange.isEmpty)
    #expect(header.payloadEnd == 16)
  }

  @Test func `a packet of padding alone has an empty payload`() throws {
    var packet = PacketFixture.twelve
    packet[0] |= 0x20
    packet += [UInt8](repeating: 0, count: 254) + [255]
    let header = try PacketFixture.header(packet)
    #expect(header.headerLength == 12)
    #expect(header.payloadEnd == 12)
  }

  @Test func `padding that is zero or reaches into the header is refused`() {
    var packet = PacketFixture.plain
    packet[0] |= 0x20
    packet[14] = 0
    #expect(throws: RTPError.badPadding) { try PacketFixture.header(packet) }
    packet[14] = 4
    #expect(throws: RTPError.badPadding) { try PacketFixture.header(packet) }
  }

  @Test(arguments: [UInt8(0x00), 0x40, 0xC0])
  func `another version is refused`(first: UInt8) {
    var packet = PacketFixture.plain
    packet[0] = first
    #expect(throws: RTPError.badVersion) { try PacketFixture.header(packet) }
  }

  @Test func `a header that is cut off is refused at every length`() {
    // Padding is taken out first: a shorter packet would end in another padding length.
    var packet = Array(PacketFixture.full.prefix(32))
    packet[0] &= ~0x20
    for cut in MalformedSweep.truncations(of: packet) {
      #expect(throws: RTPError.truncated) { try PacketFixture.header(cut) }
    }
  }

  @Test func `mutated packets parse within their bounds or are refused`() {
    let ids = PacketFixture.ids(mid: 2, audioLevel: 1)
    for packet in [PacketFixture.plain, PacketFixture.full] {
      for variant in MalformedSweep.mutations(of: packet, count: 4000, seed: 11)
        + MalformedSweep.truncations(of: packet)
      {
        guard let header = try? PacketFixture.header(variant) else { continue }
        #expect(header.headerLength >= 12)
        #expect(header.headerLength <= header.payloadEnd)
        #expect(header.payloadEnd <= variant.count)
        #expect(header.extensionRange.upperBound <= header.headerLength)
        guard let extensions = try? PacketFixture.extensions(variant, ids) else { continue }
        for range in [extensions.mid, extensions.audioLevel] where !range.isEmpty {
          #expect(header.extensionRange.contains(range.lowerBound))
          #expect(range.upperBound <= header.extensionRange.upperBound)
        }
        _ = try? RTX.originalSequence(of: variant.span, header: header)
      }
    }
  }

  @Test func `a retransmission names its original sequence number`() throws {
    let packet = PacketFixture.twelve + [0xAB, 0xCD, 1, 2, 3]
    let header = try PacketFixture.header(packet)
    #expect(try RTX.originalSequence(of: packet.span, header: header) == 0xABCD)
  }

  @Test(arguments: [0, 1])
  func `a retransmission without an original sequence number is refused`(length: Int) throws {
    let packet = PacketFixture.twelve + [UInt8](repeating: 1, count: length)
    let header = try PacketFixture.header(packet)
    #expect(throws: RTPError.truncated) { try RTX.originalSequence(of: packet.span, header: header) }
  }

  @Test func `padding is not taken for an original sequence number`() throws {
    var packet = PacketFixture.twelve + [5, 0, 2]
    packet[0] |= 0x20
    let header = try PacketFixture.header(packet)
    #expect(throws: RTPError.truncated) { try RTX.originalSequence(of: packet.span, header: header) }
  }
}
