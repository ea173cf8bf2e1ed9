/// A UDP address and port. IPv4 is held in its IPv4-mapped form (RFC 4291 section 2.5.5.2), so that one dual-stack
/// socket and one table serve both families.
///
/// `description` is redacted: an address reaches no log by accident. `address` and `literal` give it on purpose.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  public let high: UInt64
  public let low: UInt64
  public let port: UInt16

  @inlinable
  public init(high: UInt64, low: UInt64, port: UInt16) {
    self.high = high
    self.low = low
    self.port = port
  }

  // Not the derived one, which other modules call by way of the protocol's table.
  @inlinable
  public static func == (a: Self, b: Self) -> Bool { a.low == b.low && a.port == b.port && a.high == b.high }

  public init(ipv4 address: UInt32, port: UInt16) {
    self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(address), port: port)
  }

  package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }
  package var ipv4: UInt32 { UInt32(truncatingIfNeeded: low) }

  package var isLoopback: Bool { isIPv4 ? ipv4 >> 24 == 127 : (high == 0 && low == 1) }

  /// The address as text: dotted for IPv4, RFC 5952 without zero compression of single groups for IPv6.
  package var address: String {
    if isIPv4 {
      return (0..<4).map { String(ipv4 >> UInt32(24 - 8 * $0) & 0xFF) }.joined(separator: ".")
    }
    let groups = (0..<8).map { index -> UInt16 in
      let half = index < 4 ? high : low
      return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index % 4)))
    }
    var best = 0..<0
    var index = 0
    while index < 8 {
      var end = index
      while end < 8, groups[end] == 0 { end += 1 }
      if end - index > max(best.count, 1) { best = index..<end }
      index = max(end, index + 1)
    }
    func text(_ slice: ArraySlice<UInt16>) -> String { slice.map { String($0, radix: 16) }.joined(separator: ":") }
    guard !best.isEmpty else { return text(groups[...]) }
    return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
  }

  package var literal: String { isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }

  public var description: String { "<endpoint>" }

  /// Parses a dotted IPv4 or an IPv6 literal (no zone, no brackets). Nil for anything else, names included.
  package init?(address text: some StringProtocol, port: UInt16) {
    if let v4 = Self.parseIPv4(text) {
      self.init(ipv4: v4, port: port)
    } else if let (high, low) = Self.parseIPv6(text) {
      self.init(high: high, low: low, port: port)
    } else {
      return nil
    }
  }

  private static func parseIPv4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
        let octet = UInt32(part), octet <= 255
      else { return nil }
      value = value << 8 | octet
    }
    return value
  }

  private static func parseIPv6(_ text: some StringProtocol) -> (UInt64, UInt64)? {
    guard text.contains(":") else { return nil }
    let characters = Array(text.utf8)
    var sides = [[UInt16]]()
    var current = [UInt16]()
    var compressed = false
    var index = 0
    if characters.starts(with: [58, 58]) {
      compressed = true
      sides.append([])
      index = 2
    }
    while index < characters.count {
      var end = index
      while end < characters.count, characters[end] != 58 { end += 1 }
      let piece = String(decoding: characters[index..<end], as: UTF8.self)
      if end == characters.count, piece.contains("."), let v4 = parseIPv4(piece) {
        current.append(UInt16(truncatingIfNeeded: v4 >> 16))
        current.append(UInt16(truncatingIfNeeded: v4))
      } else {
        guard (1...4).contains(piece.utf8.count), let group = UInt16(piece, radix: 16), !piece.hasPrefix("+") else {
          return nil
        }
        current.append(group)
      }
      guard end < characters.count else { break }
      index = end + 1
      if index == characters.count { return nil }
      if characters[index] == 58 {
        guard !compressed else { return nil }
        compressed = true
        sides.append(current)
        current = []
        index += 1
      }
    }
    sides.append(current)
    let count = sides.reduce(0) { $0 + $1.count }
    guard compressed ? count <= 7 : count == 8 else { return nil }
    let groups =
      compressed ? sides[0] + [UInt16](repeating: 0, count: 8 - count) + sides[1] : sides[0]
    let value = groups.map(UInt64.init)
    return (
      value[0] << 48 | value[1] << 32 | value[2] << 16 | value[3],
      value[4] << 48 | value[5] << 32 | value[6] << 16 | value[7]
    )
  }
}
