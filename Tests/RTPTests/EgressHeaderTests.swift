import RTP
import Testing
import WireBytes

struct EgressHeaderTests {
  private let ids = PacketFixture.ids(mid: 1, rid: 2, repairedRid: 3, audioLevel: 4, dependencyDescriptor: 5)

  private func makeHeader(_ ids: HeaderExtensionIDs) -> EgressHeader {
    var header = EgressHeader(
      marker: true, payloadType: PayloadType(97), sequenceNumber: 0xFFFE, timestamp: 0x8000_0001,
      ssrc: SSRC(0xDEAD_BEEF))
    header.ids = ids
    return header
  }

  /// What is written, into a slot that held other bytes before.
  private func write(_ header: EgressHeader, descriptor: [UInt8] = []) -> [UInt8] {
    var slot = [UInt8](repeating: 0xEE, count: PacketSlab.slotSize)
    var span = slot.mutableSpan
    let length = header.write(into: &span, dependencyDescriptor: descriptor.span)
    return Array(slot.prefix(length))
  }

  @Test func `without elements there are twelve bytes`() {
    let expected: [UInt8] = [0x80, 0xE1, 0xFF, 0xFE, 0x80, 0, 0, 1, 0xDE, 0xAD, 0xBE, 0xEF]
    #expect(write(makeHeader(HeaderExtensionIDs())) == expected)
    #expect(write(makeHeader(ids)) == expected)
  }

  @Test func `the marker bit stays apart from the payload type`() {
    var header = makeHeader(ids)
    header.marker = false
    header.payloadType = PayloadType(127)
    #expect(write(header)[1] == 0x7F)
  }

  @Test func `elements without a negotiated id are left out`() {
    var header = makeHeader(HeaderExtensionIDs())
    header.mid = ShortText("0")
    header.rid = ShortText("f")
    header.audioLevel = 0x85
    #expect(write(header, descriptor: [0x80, 0, 1]).count == 12)
  }

  @Test func `short elements are written in the one-byte form`() throws {
    var header = makeHeader(ids)
    header.mid = ShortText("0")
    header.audioLevel = 0x85
    let bytes = write(header)
    #expect(Array(bytes[12...]) == [0xBE, 0xDE, 0, 1, 0x10, 0x30, 0x40, 0x85])
    #expect(bytes[0] == 0x90)
  }

  @Test func `everything that is written is read again`() throws {
    var header = makeHeader(ids)
    header.mid = ShortText("video-slot-00016")
    header.rid = ShortText("h")
    header.repairedRid = ShortText("q")
    header.audioLevel = 0x7F
    let descriptor: [UInt8] = [0xC1, 0x12, 0x34]
    let packet = write(header, descriptor: descriptor) + [1, 2, 3]
    let parsed = try PacketFixture.header(packet)
    #expect(parsed.marker)
    #expect(parsed.payloadType == PayloadType(97))
    #expect(parsed.sequenceNumber == 0xFFFE)
    #expect(parsed.timestamp == 0x8000_0001)
    #expect(parsed.ssrc == SSRC(0xDEAD_BEEF))
    #expect(parsed.extensionForm == .oneByte)
    #expect(Array(packet[parsed.headerLength...]) == [1, 2, 3])
    let found = try PacketFixture.extensions(packet, ids)
    #expect(ShortText(packet.span.extracting(found.mid)) == header.mid)
    #expect(ShortText(packet.span.extracting(found.rid)) == header.rid)
    #expect(ShortText(packet.span.extracting(found.repairedRid)) == header.repairedRid)
    #expect(Array(packet[found.audioLevel]) == [0x7F])
    #expect(Array(packet[found.dependencyDescriptor]) == descriptor)
  }

  @Test(arguments: [1, 2, 3, 16, 17, 18, 90, 254, 255])
  func `a descriptor longer than sixteen bytes takes the two-byte form`(length: Int) throws {
    var header = makeHeader(ids)
    header.mid = ShortText("1")
    let descriptor = (0..<length).map { UInt8($0 & 0xFF) }
    let packet = write(header, descriptor: descriptor)
    let parsed = try PacketFixture.header(packet)
    #expect(parsed.extensionForm == (length > 16 ? .twoByte : .oneByte))
    #expect(packet.count % 4 == 0)
    let found = try PacketFixture.extensions(packet, ids)
    #expect(Array(packet[found.dependencyDescriptor]) == descriptor)
    #expect(Array(packet[found.mid]) == [0x31])
  }

  @Test func `an id above fourteen takes the two-byte form`() throws {
    let wide = PacketFixture.ids(mid: 15, audioLevel: 200)
    var header = makeHeader(wide)
    header.mid = ShortText("a")
    header.audioLevel = 3
    let packet = write(header)
    #expect(try PacketFixture.header(packet).extensionForm == .twoByte)
    let found = try PacketFixture.extensions(packet, wide)
    #expect(Array(packet[found.mid]) == [0x61])
    #expect(Array(packet[found.audioLevel]) == [3])
  }

  @Test func `the frame number alone is replaced in the descriptor`() throws {
    var header = makeHeader(ids)
    header.frameNumber = 0xABCD
    let descriptor: [UInt8] = [0xC7, 0x00, 0x01, 0x80, 0x55]
    let packet = write(header, descriptor: descriptor)
    let found = try PacketFixture.extensions(packet, ids)
    #expect(Array(packet[found.dependencyDescriptor]) == [0xC7, 0xAB, 0xCD, 0x80, 0x55])
  }

  @Test func `an empty text is not written`() {
    var header = makeHeader(ids)
    header.mid = ShortText("")
    #expect(write(header).count == 12)
  }

  @Test func `the largest header fits a slot beside a full payload's headroom`() throws {
    let wide = PacketFixture.ids(mid: 15, rid: 16, repairedRid: 17, audioLevel: 18, dependencyDescriptor: 19)
    var header = makeHeader(wide)
    header.mid = ShortText("0123456789abcdef")
    header.rid = ShortText("0123456789abcdef")
    header.repairedRid = ShortText("0123456789abcdef")
    header.audioLevel = 1
    let packet = write(header, descriptor: [UInt8](repeating: 1, count: 400))
    #expect(packet.count == 332)
    #expect(try PacketFixture.extensions(packet, wide).dependencyDescriptor.count == 255)
  }
}
