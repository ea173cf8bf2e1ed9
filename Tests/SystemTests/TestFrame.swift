import E2EKeys
import TestKit
import WireBytes

/// A frame that says who made it and which one it is, and whose every byte follows from that.
///
/// ```
///   maker | 'A' or 'V' | sender u16 | ordinal u32 | noise
/// ```
/// The numbers are masked: runs of zeros would be found in many a header.
struct TestFrame: Equatable {
  static let maker = Array("a frame that nobody between the members may read: ".utf8)
  private static let audioMark = UInt8(ascii: "A")
  private static let videoMark = UInt8(ascii: "V")
  private static let senderMask: UInt16 = 0xA53C
  private static let ordinalMask: UInt32 = 0x5EC2_E70F

  let sender: Int
  let ordinal: Int
  let isAudio: Bool

  var bytes: [UInt8] {
    var bytes = Self.maker
    bytes.append(isAudio ? Self.audioMark : Self.videoMark)
    bytes.append(u16: UInt16(sender) ^ Self.senderMask)
    bytes.append(u32: UInt32(ordinal) ^ Self.ordinalMask)
    let seed = UInt64(sender) << 40 | UInt64(ordinal) << 1 | (isAudio ? 0 : 1)
    var random = SeededRandom(seed: seed)
    // As long as Opus packets of 20 ms are, and as pictures that take several packets.
    bytes += random.bytes(isAudio ? 40 + ordinal % 60 : 1_200 + ordinal * 331 % 3_000)
    return bytes
  }

  init(sender: Int, ordinal: Int, isAudio: Bool) {
    self.sender = sender
    self.ordinal = ordinal
    self.isAudio = isAudio
  }

  /// Nil when any byte is not as it was made.
  init?(_ bytes: [UInt8]) {
    let start = Self.maker.count
    guard bytes.count > start + 7, bytes.starts(with: Self.maker) else { return nil }
    func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 << 8 | Int($1) } }
    self.init(
      sender: number((start + 1)..<(start + 3)) ^ Int(Self.senderMask),
      ordinal: number((start + 3)..<(start + 7)) ^ Int(Self.ordinalMask), isAudio: bytes[start] == Self.audioMark)
    guard self.bytes == bytes else { return nil }
  }
}
