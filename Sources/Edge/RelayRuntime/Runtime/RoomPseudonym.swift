import HopCrypto
package import WireBytes

/// How logs name a room: eight hex digits that mean something within one run of the process and nothing outside it.
///
/// The room identifier itself is what clients join by, so it stays out of logs; and a plain hash of it could be
/// recognised in another relay's log.
package struct RoomPseudonym: Sendable {
  private let key: [UInt8]

  package init(random: RandomSource) { key = random.bytes(32) }

  package func name(of room: RoomID) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return HopHMAC.sha256(key: key, message: room.bytes).prefix(4).reduce(into: "") { text, byte in
      text.unicodeScalars.append(Unicode.Scalar(digits[Int(byte >> 4)]))
      text.unicodeScalars.append(Unicode.Scalar(digits[Int(byte & 15)]))
    }
  }
}
