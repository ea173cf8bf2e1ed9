/// Why a policy file is refused: one line that names the file, the key, the value and what is allowed.
package struct PolicyFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Nil when the file as a whole is at fault.
  package let key: PolicyKey?
  package let description: String

  init(_ key: PolicyKey?, _ message: String) {
    self.key = key
    // One line, whatever a file or a library put into it.
    description = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  init(place: String, key: PolicyKey, value: String, allowed: String? = nil) {
    self.init(
      key, "\(place): key `\(key.rawValue)`: value `\(Self.shorten(value))`: allowed is \(allowed ?? key.allowed)")
  }

  static func shorten(_ text: String) -> String { text.count > 100 ? text.prefix(100) + "..." : text }
}
