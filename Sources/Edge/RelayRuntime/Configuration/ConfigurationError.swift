/// Why the relay does not start: one line that names the source, the key, the value and what is allowed.
package struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  package let message: String

  package init(_ message: String) {
    // One line, whatever a file or a library put into it.
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// A value that its key does not allow, or that the machine does not; `reason` says what was met.
  package init(
    origin: SettingOrigin, key: SettingKey, value: String, allowed: String? = nil, reason: String? = nil
  ) {
    self.init(
      "\(origin.place(of: key)): key `\(key.path)`: value `\(Self.shorten(value))`: allowed is "
        + (allowed ?? key.kind.allowed) + (reason.map { " (\($0))" } ?? ""))
  }

  package var description: String { message }

  static func shorten(_ text: String) -> String { text.count > 100 ? text.prefix(100) + "..." : text }
}
