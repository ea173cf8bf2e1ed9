/// Collects bits, most significant first; the last byte is filled with zeros.
struct BitWriter {
  private(set) var bytes: [UInt8] = []
  private var used = 0

  mutating func write(_ value: UInt32, _ count: Int) {
    for index in stride(from: count - 1, through: 0, by: -1) {
      if used % 8 == 0 { bytes.append(0) }
      bytes[bytes.count - 1] |= UInt8(value >> UInt32(index) & 1) << UInt8(7 - used % 8)
      used += 1
    }
  }
}
