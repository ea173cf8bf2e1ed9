/// The path that a request asks for, decoded once and free of tricks.
///
/// Nothing here guards the file system, which no request reaches (`Site`). A path that could mean something else to
/// somebody else is still no path.
package enum RequestTarget: Equatable, Sendable {
  /// Begins with `/`; visible ASCII, no backslash, no `.` or `..` among its parts.
  case path(String)
  case malformed

  /// `text`: the request target of RFC 9112 section 3.2, in origin form or in absolute form. The query is dropped.
  package init(_ text: String) {
    var rest = text.utf8[...]
    if let authority = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) {
      rest = rest.dropFirst(authority.utf8.count).drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
      // An absolute form without a path means the root (RFC 9112 section 3.2.1).
      if rest.first != UInt8(ascii: "/") { rest = "/".utf8[...] }
    }
    let path = rest.prefix { $0 != UInt8(ascii: "?") }
    guard path.first == UInt8(ascii: "/"), let decoded = Self.decode(path) else {
      self = .malformed
      return
    }
    let parts = decoded.split(separator: UInt8(ascii: "/"))
    let isPlain = decoded.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    let climbs = parts.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
    self = isPlain && !climbs ? .path(String(decoding: decoded, as: UTF8.self)) : .malformed
  }

  /// Percent-decoding (RFC 3986 section 2.1); nil for an incomplete escape.
  private static func decode(_ bytes: Substring.UTF8View) -> [UInt8]? {
    var decoded: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(value), let low = rest.popFirst().flatMap(value) else { return nil }
      decoded.append(high << 4 | low)
    }
    return decoded
  }

  private static func value(of digit: UInt8) -> UInt8? {
    Character(UnicodeScalar(digit)).hexDigitValue.map { UInt8($0) }
  }
}
