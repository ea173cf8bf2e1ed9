/// What went wrong while reading bytes that came from the network.
package enum ByteError: UInt8, Error, Equatable, Sendable {
  /// Fewer bytes were left than the field needs.
  case truncated
}

/// A bounds-checked, big-endian cursor over borrowed bytes.
///
/// Every parser of the house reads through this type, so that hostile input ends in a thrown error and never in a trap.
package struct ByteReader: ~Escapable {
  package let bytes: Span<UInt8>
  package private(set) var position: Int

  @_lifetime(copy bytes)
  package init(_ bytes: Span<UInt8>) {
    self.bytes = bytes
    self.position = 0
  }

  package var remaining: Int { bytes.count - position }
  package var isAtEnd: Bool { position >= bytes.count }

  @_lifetime(self: copy self)
  package mutating func u8() throws(ByteError) -> UInt8 {
    guard remaining >= 1 else { throw .truncated }
    defer { position += 1 }
    return bytes[position]
  }

  @_lifetime(self: copy self)
  package mutating func u16() throws(ByteError) -> UInt16 {
    guard remaining >= 2 else { throw .truncated }
    defer { position += 2 }
    return bytes.u16(at: position)
  }

  @_lifetime(self: copy self)
  package mutating func u24() throws(ByteError) -> UInt32 {
    guard remaining >= 3 else { throw .truncated }
    defer { position += 3 }
    return UInt32(bytes[position]) << 16 | UInt32(bytes.u16(at: position + 1))
  }

  @_lifetime(self: copy self)
  package mutating func u32() throws(ByteError) -> UInt32 {
    guard remaining >= 4 else { throw .truncated }
    defer { position += 4 }
    return bytes.u32(at: position)
  }

  @_lifetime(self: copy self)
  package mutating func u64() throws(ByteError) -> UInt64 {
    guard remaining >= 8 else { throw .truncated }
    defer { position += 8 }
    return bytes.u64(at: position)
  }

  /// Borrows the next `count` bytes.
  @_lifetime(copy self)
  package mutating func take(_ count: Int) throws(ByteError) -> Span<UInt8> {
    guard count >= 0, remaining >= count else { throw .truncated }
    defer { position += count }
    return bytes.extracting(position..<(position + count))
  }

  /// Copies the next `count` bytes out; for control messages, not for packets.
  @_lifetime(self: copy self)
  package mutating func array(_ count: Int) throws(ByteError) -> [UInt8] {
    guard count >= 0, remaining >= count else { throw .truncated }
    defer { position += count }
    return bytes.extracting(position..<(position + count)).toArray()
  }

  @_lifetime(self: copy self)
  package mutating func skip(_ count: Int) throws(ByteError) {
    guard count >= 0, remaining >= count else { throw .truncated }
    position += count
  }
}
