import WireBytes

/// What must hold before a C library may look at a packet: that its header lies within its bytes.
enum SRTPPacketBounds {
  /// The length of an RTP packet's header, with CSRCs and extension block; nil unless it ends before `trailer` bytes of
  /// tag (RFC 3550 section 5.1).
  static func rtpHeaderLength(_ bytes: borrowing MutableSpan<UInt8>, length: Int, trailer: Int) -> Int? {
    let end = length - trailer
    guard end >= 12, length <= bytes.count, bytes[0] >> 6 == 2 else { return nil }
    var headerEnd = 12 + 4 * Int(bytes[0] & 0x0F)
    guard bytes[0] & 0x10 != 0 else { return headerEnd <= end ? headerEnd : nil }
    guard headerEnd + 4 <= end else { return nil }
    headerEnd += 4 + 4 * Int(UInt16(bytes[headerEnd + 2]) << 8 | UInt16(bytes[headerEnd + 3]))
    return headerEnd <= end ? headerEnd : nil
  }

  /// An RTCP packet with the fixed part of its first header (RFC 3550 section 6.4).
  static func isRTCP(_ bytes: borrowing MutableSpan<UInt8>, length: Int, trailer: Int) -> Bool {
    length - trailer >= 8 && length <= bytes.count && bytes[0] >> 6 == 2
  }

  static func ssrc(_ bytes: borrowing MutableSpan<UInt8>, at offset: Int) -> UInt32 {
    UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
      | UInt32(bytes[offset + 3])
  }
}
