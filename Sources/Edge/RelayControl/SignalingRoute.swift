package import NIOHTTP1

/// What becomes of an HTTP request to the signalling listener.
package enum SignalingRoute: Equatable {
  case call
  case refused(Refusal)

  package static let path = "/v1/call"

  package init(_ head: HTTPRequestHead, allowedOrigins: [String]) {
    let path = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
    guard path == Self.path else {
      self = .refused(.notFound)
      return
    }
    guard Self.allows(head.headers["origin"], among: allowedOrigins) else {
      self = .refused(.forbiddenOrigin)
      return
    }
    self = head.method == .GET && Self.isUpgrade(head.headers) ? .call : .refused(.upgradeRequired)
  }

  /// The headers that a client's opening handshake must have (RFC 6455 section 4.1).
  private static func isUpgrade(_ headers: HTTPHeaders) -> Bool {
    headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
      && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
      && headers["sec-websocket-version"] == ["13"] && headers["sec-websocket-key"].count == 1
  }

  private static func allows(_ origins: [String], among allowed: [String]) -> Bool {
    // Browsers send the scheme and the host of an origin in lower case (RFC 6454 section 6.2).
    allowed.isEmpty || origins.allSatisfy { origin in allowed.contains { $0.lowercased() == origin } }
  }
}

extension Refusal {
  var status: HTTPResponseStatus {
    switch self {
    case .capacity: .serviceUnavailable
    case .notFound: .notFound
    case .forbiddenOrigin: .forbidden
    case .upgradeRequired: .upgradeRequired
    }
  }

  var text: String {
    switch self {
    case .capacity: "no more connections"
    case .notFound: "nothing here: signalling is at \(SignalingRoute.path)"
    case .forbiddenOrigin: "this origin may not connect"
    case .upgradeRequired: "this is a WebSocket (RFC 6455, version 13)"
    }
  }
}
