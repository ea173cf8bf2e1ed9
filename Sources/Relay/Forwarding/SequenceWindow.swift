/// One bit for each of the latest 512 sequence numbers, in place and without a heap object.
///
/// 512 divides 65536, so a number's bit is found by its low nine bits also across wrap-around. Whoever uses it clears
/// the bits of numbers that come into the window before they count.
struct SequenceWindow: Sendable {
  /// More than a second of 4 Mbit/s video: longer than a packet can be late and still be of use.
  static let size = 512

  private var words = InlineArray<8, UInt64>(repeating: 0)

  subscript(sequence: UInt16) -> Bool {
    get { words[Self.word(sequence)] & Self.bit(sequence) != 0 }
    set {
      if newValue {
        words[Self.word(sequence)] |= Self.bit(sequence)
      } else {
        words[Self.word(sequence)] &= ~Self.bit(sequence)
      }
    }
  }

  mutating func clear() { words = InlineArray(repeating: 0) }

  /// Clears the bits of `length` numbers from `first` on.
  mutating func clear(from first: UInt16, length: Int) {
    guard length < Self.size else { return clear() }
    var (position, left) = (Int(first) % Self.size, length)
    while left > 0 {
      let taken = min(64 - position % 64, left)
      words[position / 64] &= ~Self.mask(from: position % 64, length: taken)
      position = (position + taken) % Self.size
      left -= taken
    }
  }

  /// How many of the `length` numbers from `first` on have their bit set.
  func count(from first: UInt16, length: Int) -> Int {
    var (position, left, total) = (Int(first) % Self.size, min(length, Self.size), 0)
    while left > 0 {
      let taken = min(64 - position % 64, left)
      total += (words[position / 64] & Self.mask(from: position % 64, length: taken)).nonzeroBitCount
      position = (position + taken) % Self.size
      left -= taken
    }
    return total
  }

  private static func word(_ sequence: UInt16) -> Int { Int(sequence) % size / 64 }
  private static func bit(_ sequence: UInt16) -> UInt64 { 1 << UInt64(sequence % 64) }

  private static func mask(from bit: Int, length: Int) -> UInt64 {
    (length == 64 ? .max : (1 << UInt64(length)) - 1) << UInt64(bit)
  }
}
