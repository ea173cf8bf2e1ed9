/// What a setting may hold.
package enum SettingKind: Sendable, Equatable {
  case text
  /// A whole number within bounds.
  case integer(ClosedRange<Int>)
  case flag
  case choice([String])
  /// A list of texts: a YAML sequence, or comma-separated in the environment.
  case list
  /// An IPv4 or IPv6 literal.
  case ipAddress
  /// A list of IPv4 or IPv6 literals.
  case ipAddressList

  package var isList: Bool { self == .list || self == .ipAddressList }

  /// Whether YAML quotes make a value the wrong type: `"8443"` is a text.
  var isPlainInYAML: Bool {
    switch self {
    case .integer, .flag: true
    default: false
    }
  }

  /// The end of the sentence "allowed is ...".
  package var allowed: String {
    switch self {
    case .text: "a text"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .flag: "true or false"
    case .choice(let choices): "one of " + choices.joined(separator: ", ")
    case .list: "a list of texts"
    case .ipAddress: "an IPv4 or IPv6 address"
    case .ipAddressList: "a list of IPv4 or IPv6 addresses"
    }
  }
}
