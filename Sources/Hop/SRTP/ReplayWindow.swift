/// Which of the latest `64 * words` packet indices were used (RFC 3711 section 3.3.2).
///
/// The bit of an index is at its own place modulo the size, so that the window moves by clearing what it uncovers.
struct ReplayWindow<let words: Int> {
  /// The highest index that was used; zero before the first.
  private(set) var highest: UInt64 = 0
  private var bits = InlineArray<words, UInt64>(repeating: 0)

  private static var size: UInt64 { UInt64(words) * 64 }

  /// Why `index` must not be used; nil when it may be. Mutating, so that it is asked in place: a copy of the window is
  /// made for a borrowing call by pointer.
  mutating func refusal(of index: UInt64) -> SRTPError? {
    guard index <= highest else { return nil }
    guard highest - index < Self.size else { return .replayTooOld }
    return bits[Self.word(index)] & Self.bit(index) == 0 ? nil : .replayed
  }

  /// Marks an index that `refusal` allows.
  mutating func use(_ index: UInt64) {
    if index > highest {
      if index - highest >= Self.size {
        bits = InlineArray(repeating: 0)
      } else {
        var passed = highest + 1
        while passed < index {
          bits[Self.word(passed)] &= ~Self.bit(passed)
          passed += 1
        }
      }
      highest = index
    }
    bits[Self.word(index)] |= Self.bit(index)
  }

  private static func word(_ index: UInt64) -> Int { Int(truncatingIfNeeded: index >> 6) & (words - 1) }
  private static func bit(_ index: UInt64) -> UInt64 { 1 << (index & 63) }
}
