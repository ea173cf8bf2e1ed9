import Signaling
import Testing
import WireBytes

/// Clients in other languages must hash the same bytes: any change here breaks every chain and every epoch.
@Suite struct HashedBytesTests {
  @Test func `a log entry's bytes: label, room, n, kind, member, bundle hash, cause, previous head`() {
    let expected = [UInt8](
      hex: """
        5345414C45445346552D4C4F472D5631
        000102030405060708090A0B0C0D0E0F
        00000002
        01
        B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0
        FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0EFEEEDECEBEAE9E8E7E6E5E4E3E2E1E0
        01
        0000000000000000000000000000000000000000000000000000000000000000
        """)
    #expect(expected.count == 118)
    #expect(Samples.entry.hashedBytes(room: Samples.room) == expected)
  }

  @Test func `a leave differs in kind, cause and previous head`() {
    let entry = MembershipEntry(
      n: 0x0102_0304, kind: .leave, member: Samples.alice, bundleHash: Blob([UInt8](repeating: 0x11, count: 32)),
      cause: .consentLost, previous: Samples.hash)
    let expected = [UInt8](
      hex: """
        5345414C45445346552D4C4F472D5631
        000102030405060708090A0B0C0D0E0F
        01020304
        02
        A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1
        1111111111111111111111111111111111111111111111111111111111111111
        04
        FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0EFEEEDECEBEAE9E8E7E6E5E4E3E2E1E0
        """)
    #expect(entry.hashedBytes(room: Samples.room) == expected)
  }

  @Test func `every cause has its own byte`() {
    #expect(MembershipCause.allCases.map(\.code) == [1, 2, 3, 4, 5])
  }

  @Test func `a roster's bytes: label, room, count, then join index, member and bundle hash of each`() {
    let items = [
      RosterEncoding.Item(joinIndex: 1, member: Samples.alice, bundleHash: [UInt8](repeating: 0x22, count: 32)),
      RosterEncoding.Item(joinIndex: 0x0A0B, member: Samples.bob, bundleHash: Samples.hash.bytes),
    ]
    let expected = [UInt8](
      hex: """
        5345414C45445346552D524F535445522D5631
        000102030405060708090A0B0C0D0E0F
        00000002
        00000001
        A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1
        2222222222222222222222222222222222222222222222222222222222222222
        00000A0B
        B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0
        FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0EFEEEDECEBEAE9E8E7E6E5E4E3E2E1E0
        """)
    #expect(RosterEncoding.hashedBytes(room: Samples.room, items: items) == expected)
    #expect(
      RosterEncoding.hashedBytes(room: Samples.room, items: [])
        == [UInt8](hex: "5345414C45445346552D524F535445522D5631 000102030405060708090A0B0C0D0E0F 00000000"))
  }

  @Test func `the first entry follows 32 zero bytes`() {
    #expect(MembershipEntry.genesis == Blob([UInt8](repeating: 0, count: 32)))
  }

  @Test func `a member's identifier is the first half of its bundle's hash`() {
    let member = MemberID(bundleHash: (0..<32).map { UInt8($0) })
    #expect(member.text == "AAECAwQFBgcICQoLDA0ODw")
    #expect(member.bytes == (0..<16).map { UInt8($0) })
  }
}
