/// Where the relay's signalling is and how its certificate is checked.
package struct RelayAddress: Sendable {
  /// How a `wss://` relay proves itself.
  package enum Trust: Sendable {
    /// By the system's certificate authorities.
    case system
    /// By the SHA-256 of its certificate, as the relay logs it.
    case fingerprint([UInt8])
    /// Not at all: for tests on loopback. The end-to-end layer holds all the same.
    case anything
  }

  package static let path = "/v1/call"

  package let host: String
  package let port: Int
  package let isTLS: Bool
  package let trust: Trust

  /// From `ws://HOST:PORT` or `wss://HOST:PORT`, with the relay's path or none; an IPv6 address in brackets. Nil for
  /// anything else.
  package init?(url: String, trust: Trust) {
    let schemes = [("ws://", false, 80), ("wss://", true, 443)]
    guard let scheme = schemes.first(where: { url.hasPrefix($0.0) }) else { return nil }
    var rest = url.dropFirst(scheme.0.count)
    if let slash = rest.firstIndex(of: "/") {
      guard rest[slash...] == "/" || rest[slash...] == Self.path else { return nil }
      rest = rest[..<slash]
    }
    if rest.hasPrefix("[") {
      guard let close = rest.firstIndex(of: "]") else { return nil }
      host = String(rest[rest.index(after: rest.startIndex)..<close])
      rest = rest[rest.index(after: close)...]
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      host = String(rest[..<end])
      rest = rest[end...]
    }
    guard !host.isEmpty, host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".:-_%".contains($0)) }) else {
      return nil
    }
    if rest.isEmpty {
      port = scheme.2
    } else {
      let digits = rest.dropFirst()
      guard rest.hasPrefix(":"), digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits),
        (1...65_535).contains(number)
      else { return nil }
      port = number
    }
    isTLS = scheme.1
    self.trust = trust
  }

  /// As the Host header has it (RFC 9112 section 3.2).
  package var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}
