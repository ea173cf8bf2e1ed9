import RTP
import Testing
import WireBytes

struct HeaderExtensionsTests {
  private let ids = PacketFixture.ids(mid: 1, rid: 2, repairedRid: 3, audioLevel: 4, dependencyDescriptor: 5)

  @Test func `one-byte elements are found in any order, around padding`() throws {
    let elements: [UInt8] =
      [0x52, 0x80, 0x00, 0x01] + [0, 0] + [0x40, 0xAA] + [0x91, 1, 2] + [0x31, 0x68, 0x69] + [0x20, 0x66]
      + [0x11, 0x76, 0x30]
    let packet = PacketFixture.packet(profile: 0xBEDE, elements: elements)
    let found = try PacketFixture.extensions(packet, ids)
    #expect(Array(packet[found.dependencyDescriptor]) == [0x80, 0x00, 0x01])
    #expect(Array(packet[found.audioLevel]) == [0xAA])
    #expect(ShortText(packet.span.extracting(found.repairedRid))?.string == "hi")
    #expect(ShortText(packet.span.extracting(found.rid))?.string == "f")
    #expect(ShortText(packet.span.extracting(found.mid))?.string == "v0")
  }

  @Test func `two-byte elements may be empty or longer than sixteen bytes`() throws {
    let descriptor = [UInt8](repeating: 0x77, count: 90)
    let packet = PacketFixture.packet(
      profile: 0x1000, elements: [1, 2, 0x76, 0x31] + [2, 0] + [0] + [200, 1, 0xFF] + [5, 90] + descriptor)
    let found = try PacketFixture.extensions(packet, ids)
    #expect(Array(packet[found.mid]) == [0x76, 0x31])
    #expect(found.rid.isEmpty)
    #expect(Array(packet[found.dependencyDescriptor]) == descriptor)
  }

  @Test func `what was not negotiated is not reported`() throws {
    let packet = PacketFixture.packet(profile: 0xBEDE, elements: [0x10, 0x61, 0x40, 0x01])
    let found = try PacketFixture.extensions(packet, HeaderExtensionIDs())
    #expect(found.mid.isEmpty)
    #expect(found.rid.isEmpty)
    #expect(found.repairedRid.isEmpty)
    #expect(found.audioLevel.isEmpty)
    #expect(found.dependencyDescriptor.isEmpty)
  }

  @Test(arguments: [UInt8(0xF0), 0xF3, 0x03])
  func `id 15, and id 0 with a length, end a one-byte block`(stop: UInt8) throws {
    let packet = PacketFixture.packet(profile: 0xBEDE, elements: [0x40, 0x05, stop, 0x10, 0x61, 0x10, 0x61, 0x10])
    let found = try PacketFixture.extensions(packet, ids)
    #expect(!found.audioLevel.isEmpty)
    #expect(found.mid.isEmpty)
  }

  @Test func `an element that reaches beyond the block is refused`() {
    #expect(throws: RTPError.badExtension) {
      try PacketFixture.extensions(PacketFixture.packet(profile: 0xBEDE, elements: [0x1F, 1, 2, 3]), ids)
    }
    #expect(throws: RTPError.badExtension) {
      try PacketFixture.extensions(PacketFixture.packet(profile: 0x1000, elements: [1, 3, 1, 2]), ids)
    }
    #expect(throws: RTPError.badExtension) {
      try PacketFixture.extensions(PacketFixture.packet(profile: 0x1000, elements: [0, 0, 0, 1]), ids)
    }
  }

  @Test func `the last element may end with the block`() throws {
    let packet = PacketFixture.packet(profile: 0xBEDE, elements: [0x12, 1, 2, 3], payload: [])
    #expect(try PacketFixture.extensions(packet, ids).mid == 17..<20)
  }
}
