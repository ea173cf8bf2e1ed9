import Crypto
import WireBytes

/// The digits that two people compare to know that nobody stands between them.
///
/// Sixty digits in groups of five from SHA-512 over `"SEALEDSFU-SAFETY-V1" | room (16) | smaller identity key (1952) |
/// larger identity key (1952)`: the same on both sides, other digits for every call and every pair. Sixty, because a key
/// that gives the same digits can be searched for: 199 bits are out of reach for quantum computers as well.
enum SafetyNumber {
  private static let groups = 12

  static func text(_ a: [UInt8], _ b: [UInt8], room: RoomID) -> String {
    let (first, second) = a.lexicographicallyPrecedes(b) ? (a, b) : (b, a)
    let message = Array("SEALEDSFU-SAFETY-V1".utf8) + room.bytes + first + second
    let digest = Array(SHA512.hash(data: message))
    return (0..<groups).map { group in
      // Five bytes modulo 100,000: the bias is below one in ten million.
      let value = digest[(group * 5)..<(group * 5 + 5)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 100_000
      let digits = String(value)
      return String(repeating: "0", count: 5 - digits.count) + digits
    }.joined(separator: " ")
  }
}
