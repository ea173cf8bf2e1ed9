/// An address to listen on. Port 0 takes a free one.
package typealias ListenAddress = (host: String, port: Int)

/// The settings of the control server.
package struct ControlConfiguration: Sendable {
  /// Where `/v1/call` is served.
  package var listen: ListenAddress
  /// Certificate and key; nil means plain `ws://`, for development and behind a proxy on the same machine.
  package var tls: TLSMaterial?
  /// Where `/metrics` and `/healthz` are served, over plain HTTP; nil for nowhere.
  package var metricsListen: ListenAddress?
  /// The secrets that sign join tokens, by key id. Each holds `JoinToken.minimumSecretBytes` at least.
  package var tokenKeys: [String: [UInt8]]
  /// Lets members in who bring no token: for development. A token that is brought is checked all the same when there
  /// are keys.
  package var allowsJoinWithoutToken: Bool
  /// Web origins (`https://call.example`) whose pages may connect; empty for all. Browsers always send `Origin`, so
  /// this keeps foreign pages out of a visitor's browser. A client that sends none is no browser and is let through:
  /// it could as well send a false one.
  package var allowedOrigins: [String]
  /// TCP connections that may be open at once, those without a finished WebSocket handshake included.
  package var maxConnections: Int
  package var limits: ControlLimits

  package init(
    listen: ListenAddress, tls: TLSMaterial?, metricsListen: ListenAddress? = nil, tokenKeys: [String: [UInt8]] = [:],
    allowsJoinWithoutToken: Bool = false, allowedOrigins: [String] = [], maxConnections: Int = 10_000,
    limits: ControlLimits = ControlLimits()
  ) {
    self.listen = listen
    self.tls = tls
    self.metricsListen = metricsListen
    self.tokenKeys = tokenKeys
    self.allowsJoinWithoutToken = allowsJoinWithoutToken
    self.allowedOrigins = allowedOrigins
    self.maxConnections = maxConnections
    self.limits = limits
  }

  /// What makes the settings unusable, as one line; nil when nothing does.
  var fault: String? {
    if let short = tokenKeys.first(where: { $0.value.count < JoinToken.minimumSecretBytes }) {
      return "the token key \"\(short.key)\" has \(short.value.count) bytes; at least "
        + "\(JoinToken.minimumSecretBytes) are needed (RFC 7518 section 3.2)"
    }
    if tokenKeys.isEmpty && !allowsJoinWithoutToken {
      return "there is no token key, and joining without a token is not allowed: nobody could join"
    }
    return nil
  }
}
