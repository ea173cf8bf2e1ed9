/// The SFrame header (RFC 9605 section 4.3): one byte, then the key identifier and the counter where they do not fit in
/// that byte.
///
/// ```
///  0 1 2 3 4 5 6 7
/// +-+-+-+-+-+-+-+-+---------------------------+---------------------------+
/// |X|  K  |Y|  C  |   KID (0 to 8 bytes)      |  CTR (0 to 8 bytes)       |
/// +-+-+-+-+-+-+-+-+---------------------------+---------------------------+
/// ```
/// With X clear, K is the key identifier itself (0...7); with X set, the key identifier has K + 1 bytes. Y and C say the
/// same of the counter. A parsed header may be longer than it needs to be: the bytes as received are authenticated.
package struct SFrameHeader: Equatable, Sendable {
  package static let maximumLength = 17

  package let kid: UInt64
  package let ctr: UInt64
  /// Bytes of the header: as parsed, or as `encode` makes it.
  package let length: Int

  package init(kid: UInt64, ctr: UInt64) {
    self.kid = kid
    self.ctr = ctr
    length = 1 + Self.extraBytes(kid) + Self.extraBytes(ctr)
  }

  /// Reads the header at the start of a sealed frame. Throws `truncated`; every complete header is valid.
  package init(parsing sealed: Span<UInt8>) throws(SFrameError) {
    guard sealed.count >= 1 else { throw .truncated }
    let config = sealed[0]
    let kidBytes = config & 0x80 == 0 ? 0 : Int(config >> 4 & 7) + 1
    let ctrBytes = config & 0x08 == 0 ? 0 : Int(config & 7) + 1
    guard sealed.count >= 1 + kidBytes + ctrBytes else { throw .truncated }
    var kid = kidBytes == 0 ? UInt64(config >> 4 & 7) : 0
    for index in 0..<kidBytes { kid = kid << 8 | UInt64(sealed[1 + index]) }
    var ctr = ctrBytes == 0 ? UInt64(config & 7) : 0
    for index in 0..<ctrBytes { ctr = ctr << 8 | UInt64(sealed[1 + kidBytes + index]) }
    self.kid = kid
    self.ctr = ctr
    length = 1 + kidBytes + ctrBytes
  }

  /// The shortest encoding.
  package func encode() -> [UInt8] {
    var bytes = [UInt8]()
    bytes.reserveCapacity(Self.maximumLength)
    append(to: &bytes)
    return bytes
  }

  /// Appends the shortest encoding.
  package func append(to bytes: inout [UInt8]) {
    let kidBytes = Self.extraBytes(kid)
    let ctrBytes = Self.extraBytes(ctr)
    let kidBits = kidBytes == 0 ? UInt8(kid) << 4 : 0x80 | UInt8(kidBytes - 1) << 4
    let ctrBits = ctrBytes == 0 ? UInt8(ctr) : 0x08 | UInt8(ctrBytes - 1)
    bytes.append(kidBits | ctrBits)
    Self.append(kid, count: kidBytes, to: &bytes)
    Self.append(ctr, count: ctrBytes, to: &bytes)
  }

  private static func append(_ value: UInt64, count: Int, to bytes: inout [UInt8]) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - index)))) }
  }

  private static func extraBytes(_ value: UInt64) -> Int {
    value < 8 ? 0 : (64 - value.leadingZeroBitCount + 7) / 8
  }
}
