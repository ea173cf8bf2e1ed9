/// One line of a session description (RFC 8866 section 5).
struct SDPLine {
  /// From 1.
  let number: Int
  /// The letter before `=`, ASCII.
  let type: UInt8
  let value: Substring

  /// An attribute's name, and what follows the first colon, if there is one (RFC 8866 section 5.13).
  var attribute: (name: Substring, value: Substring) {
    guard let colon = value.utf8.firstIndex(of: UInt8(ascii: ":")) else { return (value, value[value.endIndex...]) }
    return (value[..<colon], value[value.utf8.index(after: colon)...])
  }

  /// Splits at LF or CRLF. Empty lines are skipped; control characters are refused, so that what is echoed in an
  /// answer can never start a line of its own.
  static func split(_ text: String) throws(SDPError) -> [SDPLine] {
    guard text.utf8.count <= SDPLimits.bytes else { throw SDPError(.tooLarge) }
    var lines: [SDPLine] = []
    var number = 0
    for var bytes in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
      if bytes.isEmpty { continue }
      guard bytes.count <= SDPLimits.lineBytes else { throw SDPError(.lineTooLong, line: number) }
      guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
        throw SDPError(.badCharacter, line: number)
      }
      let second = bytes.index(after: bytes.startIndex)
      guard let type = bytes.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(type),
        second < bytes.endIndex, bytes[second] == UInt8(ascii: "=")
      else { throw SDPError(.badLine, line: number) }
      lines.append(SDPLine(number: number, type: type, value: Substring(bytes.dropFirst(2))))
    }
    return lines
  }
}

extension Substring {
  /// The parts between single or several spaces.
  var words: [Substring] { split(separator: " ") }

  /// Whether it is a token (RFC 8866 section 9), as mids, codec names and the like are.
  var isToken: Bool {
    !isEmpty
      && utf8.allSatisfy {
        switch $0 {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7E: true
        default: false
        }
      }
  }

  /// Decimal digits only: no sign, which the standard library's initialisers would take.
  func number<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
    guard utf8.count <= 20, utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return T(self)
  }
}
