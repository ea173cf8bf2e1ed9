// Big-endian (network order) access to spans and arrays. Offsets are trusted: callers have checked the length;
// a wrong one traps, because it is our own bug.

extension Span where Element == UInt8 {
  @inlinable
  public func u16(at offset: Int) -> UInt16 {
    UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
  }

  @inlinable
  public func u32(at offset: Int) -> UInt32 {
    UInt32(u16(at: offset)) << 16 | UInt32(u16(at: offset + 2))
  }

  @inlinable
  public func u64(at offset: Int) -> UInt64 {
    UInt64(u32(at: offset)) << 32 | UInt64(u32(at: offset + 4))
  }

  /// A copy; for control messages, not for packets.
  public func toArray() -> [UInt8] {
    var result = [UInt8]()
    result.reserveCapacity(count)
    for index in indices { result.append(self[index]) }
    return result
  }
}

extension MutableSpan where Element == UInt8 {
  @inlinable
  public func u16(at offset: Int) -> UInt16 {
    UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
  }

  @inlinable
  public func u32(at offset: Int) -> UInt32 {
    UInt32(u16(at: offset)) << 16 | UInt32(u16(at: offset + 2))
  }

  @_lifetime(self: copy self) @inlinable
  public mutating func store(_ value: UInt16, at offset: Int) {
    self[offset] = UInt8(truncatingIfNeeded: value >> 8)
    self[offset + 1] = UInt8(truncatingIfNeeded: value)
  }

  @_lifetime(self: copy self) @inlinable
  public mutating func store(_ value: UInt32, at offset: Int) {
    store(UInt16(truncatingIfNeeded: value >> 16), at: offset)
    store(UInt16(truncatingIfNeeded: value), at: offset + 2)
  }

  @_lifetime(self: copy self) @inlinable
  public mutating func store(_ value: UInt64, at offset: Int) {
    store(UInt32(truncatingIfNeeded: value >> 32), at: offset)
    store(UInt32(truncatingIfNeeded: value), at: offset + 4)
  }
}

/// Writers for control messages, which are small and rare; packets are written in place through `MutableSpan`.
extension [UInt8] {
  package mutating func append(u16 value: UInt16) {
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  package mutating func append(u24 value: UInt32) {
    append(UInt8(truncatingIfNeeded: value >> 16))
    append(u16: UInt16(truncatingIfNeeded: value))
  }

  package mutating func append(u32 value: UInt32) {
    append(u16: UInt16(truncatingIfNeeded: value >> 16))
    append(u16: UInt16(truncatingIfNeeded: value))
  }

  package mutating func append(u64 value: UInt64) {
    append(u32: UInt32(truncatingIfNeeded: value >> 32))
    append(u32: UInt32(truncatingIfNeeded: value))
  }

  package mutating func append(span: Span<UInt8>) {
    reserveCapacity(count + span.count)
    for index in span.indices { append(span[index]) }
  }
}
