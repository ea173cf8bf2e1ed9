import Testing
import WireBytes

struct DatagramKindTests {
  @Test func `the first byte decides as in RFC 7983`() {
    for first in UInt8.min ... .max {
      let expected: DatagramKind =
        switch first {
        case 0...3: .stun
        case 20...63: .dtls
        case 128...191: .rtp
        default: .unknown
        }
      #expect(DatagramKind([first, 0x60].span) == expected)
    }
  }

  @Test func `the second byte tells RTCP from RTP`() {
    for second in UInt8.min ... .max {
      let expected: DatagramKind = (192...223).contains(second) ? .rtcp : .rtp
      #expect(DatagramKind([0x80, second].span) == expected)
      #expect(DatagramKind([0xBF, second].span) == expected)
      #expect(DatagramKind([0x16, second].span) == .dtls)
    }
  }

  @Test func `one byte is nothing`() {
    #expect(DatagramKind([UInt8]().span) == .unknown)
    #expect(DatagramKind([0x80].span) == .unknown)
    #expect(DatagramKind([0x00].span) == .unknown)
  }
}
