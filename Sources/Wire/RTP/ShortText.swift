import WireBytes

/// Up to 16 bytes of text held inline: a mid or a rid, compared and written per packet without the heap.
package struct ShortText: Hashable, Sendable {
  package static let capacity = 16
  private var high: UInt64 = 0
  private var low: UInt64 = 0
  private var length: UInt8 = 0

  /// Nil if the text has more than 16 bytes of UTF-8.
  package init?(_ text: String) {
    guard text.utf8.count <= Self.capacity else { return nil }
    for byte in text.utf8 { append(byte) }
  }

  /// Nil for more than 16 bytes.
  package init?(_ bytes: Span<UInt8>) {
    guard bytes.count <= Self.capacity else { return nil }
    for index in bytes.indices { append(bytes[index]) }
  }

  package var count: Int { Int(length) }

  package func byte(at index: Int) -> UInt8 {
    precondition(index >= 0 && index < count)
    let word = index < 8 ? high : low
    return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index % 8)))
  }

  package var string: String { String(decoding: (0..<count).map { byte(at: $0) }, as: UTF8.self) }

  private mutating func append(_ byte: UInt8) {
    let shifted = UInt64(byte) << UInt64(56 - 8 * (Int(length) % 8))
    if length < 8 { high |= shifted } else { low |= shifted }
    length += 1
  }
}
