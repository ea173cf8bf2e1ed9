/// How a member wants to be called: UTF-8, up to 128 bytes, one line. Only members learn it.
package struct Profile: Equatable, Sendable {
  package static let maximumName = 128

  package let name: String

  /// Nil for an empty or too long name, or one with control characters or line breaks.
  package init?(name: String) {
    guard !name.isEmpty, name.utf8.count <= Self.maximumName else { return nil }
    guard name.unicodeScalars.allSatisfy({ $0.isPrintable(lineBreaks: false) }) else { return nil }
    // Somebody must be able to see it.
    guard !IdentityPins.skeleton(name).isEmpty else { return nil }
    self.name = name
  }

  init?(utf8: some Collection<UInt8>) {
    guard utf8.count <= Self.maximumName, let name = String(validating: utf8, as: UTF8.self) else { return nil }
    self.init(name: name)
  }
}

/// What a member writes to all others: UTF-8, up to 4096 bytes.
package struct Chat: Equatable, Sendable {
  package static let maximumText = 4096

  package let text: String

  /// Nil for an empty or too long text, or one with control characters other than line breaks and tabs.
  package init?(text: String) {
    guard !text.isEmpty, text.utf8.count <= Self.maximumText else { return nil }
    guard text.unicodeScalars.allSatisfy({ $0.isPrintable(lineBreaks: true) }) else { return nil }
    self.text = text
  }

  init?(utf8: some Collection<UInt8>) {
    guard utf8.count <= Self.maximumText, let text = String(validating: utf8, as: UTF8.self) else { return nil }
    self.init(text: text)
  }
}

extension Unicode.Scalar {
  /// Texts of others are shown to people: nothing in them may move the cursor or turn the writing direction around.
  fileprivate func isPrintable(lineBreaks: Bool) -> Bool {
    switch properties.generalCategory {
    case .control: lineBreaks && (self == "\n" || self == "\t")
    case .lineSeparator, .paragraphSeparator: lineBreaks
    case .format: !(0x202A...0x202E).contains(value) && !(0x2066...0x2069).contains(value)
    case .surrogate, .unassigned: false
    default: true
    }
  }
}
