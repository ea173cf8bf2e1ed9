import Testing
import WireBytes

struct IdentifierTests {
  @Test func `a room is sixteen bytes and their text`() throws {
    let bytes = [UInt8](0..<16)
    let room = try #require(RoomID(bytes: bytes))
    #expect(RoomID(text: room.text) == room)
    #expect(room.text == "AAECAwQFBgcICQoLDA0ODw")
    #expect(RoomID(bytes: Array(bytes.dropLast())) == nil)
    #expect(RoomID(bytes: bytes + [0]) == nil)
    #expect(RoomID(text: "AAECAwQFBgcICQoLDA0OD") == nil)
    #expect(RoomID(text: "AAECAwQFBgcICQoLDA0ODx") == nil)
    #expect(RoomID(text: "") == nil)
  }

  @Test func `a member is named by the start of its bundle's hash`() throws {
    let member = MemberID(bundleHash: [UInt8](0..<32))
    #expect(member.text == "AAECAwQFBgcICQoLDA0ODw")
    #expect(member.bytes == [UInt8](0..<16))
    #expect(MemberID(text: member.text) == member)
    #expect(MemberID(text: "short") == nil)
    #expect(MemberID(text: "AAECAwQFBgcICQoLDA0O+w") == nil)
    #expect(member < MemberID(bundleHash: [UInt8](repeating: 0xFF, count: 32)))
  }

  @Test func `a random source gives numbers of its bytes`() {
    let source = RandomSource { count in [UInt8](repeating: 0xA5, count: count) }
    #expect(source.bytes(3) == [0xA5, 0xA5, 0xA5])
    #expect(source.u16() == 0xA5A5)
    #expect(source.u32() == 0xA5A5_A5A5)
    #expect(source.u64() == 0xA5A5_A5A5_A5A5_A5A5)
    #expect(RandomSource.system.bytes(32) != RandomSource.system.bytes(32))
  }
}
