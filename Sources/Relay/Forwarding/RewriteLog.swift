import CPrefetch

/// Which source packet went out under which number: what a subscriber's NACK is looked up in. Holds the latest 512.
///
/// The memory, 2 KiB, is allocated by the first `record`: most slots of a subscriber never carry anything.
package struct RewriteLog: Sendable {
  private static let capacity = 512

  /// Source sequence number in bits 0-15, encoding in 16-23, upper seven bits of the outgoing number in 24-30, and
  /// bit 31 set: an entry that is zero is empty. The lower nine bits of the outgoing number are the place.
  private var entries: [UInt32] = []

  package init() {}

  package mutating func record(out: UInt16, source: UInt16, encoding: UInt8) {
    if entries.isEmpty { entries = [UInt32](repeating: 0, count: Self.capacity) }
    entries[Self.place(out)] = Self.tag(out) | UInt32(encoding) << 16 | UInt32(source)
  }

  /// Brings the place of a number that is to be recorded into the cache.
  package func prefetch(out: UInt16) {
    unsafe entries.withUnsafeBufferPointer { entries in
      guard let start = entries.baseAddress else { return }
      unsafe cprefetch(start - 1, 1)
      unsafe cprefetch(start + Self.place(out), 64)
    }
  }

  /// Nil when nothing, or nothing that is still known, went out under this number.
  package func source(of out: UInt16) -> (sequence: UInt16, encoding: UInt8)? {
    guard !entries.isEmpty else { return nil }
    let entry = entries[Self.place(out)]
    guard entry & 0xFF00_0000 == Self.tag(out) else { return nil }
    return (UInt16(truncatingIfNeeded: entry), UInt8(truncatingIfNeeded: entry >> 16))
  }

  /// Forgets everything and keeps the memory: for a leg that changes its source.
  package mutating func removeAll() {
    for index in entries.indices { entries[index] = 0 }
  }

  private static func place(_ out: UInt16) -> Int { Int(out) % capacity }
  private static func tag(_ out: UInt16) -> UInt32 { 0x8000_0000 | UInt32(out >> 9) << 24 }
}
