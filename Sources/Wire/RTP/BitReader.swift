import WireBytes

/// Reads single bits, most significant first, as the Dependency Descriptor is written.
struct BitReader: ~Escapable {
  private let bytes: Span<UInt8>
  private(set) var position = 0

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// The next `count` bits, at most 32.
  @_lifetime(self: copy self)
  mutating func bits(_ count: Int) throws(RTPError) -> UInt32 {
    guard position + count <= bytes.count * 8 else { throw .badDescriptor }
    var value: UInt32 = 0
    for _ in 0..<count {
      value = value << 1 | UInt32(bytes[position / 8] >> UInt8(7 - position % 8) & 1)
      position += 1
    }
    return value
  }

  @_lifetime(self: copy self)
  mutating func flag() throws(RTPError) -> Bool { try bits(1) == 1 }

  /// A value below `limit` in the shortest non-symmetric form (AV1 RTP specification, appendix A.8.2).
  @_lifetime(self: copy self)
  mutating func nonSymmetric(_ limit: UInt32) throws(RTPError) -> UInt32 {
    var width = 0
    var rest = limit
    while rest != 0 {
      rest >>= 1
      width += 1
    }
    let shortCodes = (UInt32(1) << UInt32(width)) - limit
    let value = width > 1 ? try bits(width - 1) : 0
    if value < shortCodes { return value }
    return (value << 1 | (try bits(1))) - shortCodes
  }
}
