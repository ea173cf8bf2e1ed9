package import WireBytes

/// One side's user name fragment and password (RFC 8445 section 5.3).
package struct ICECredentials: Sendable, Hashable {
  package let ufrag: String
  package let pwd: String

  package init(ufrag: String, pwd: String) {
    self.ufrag = ufrag
    self.pwd = pwd
  }

  /// 48 bits of user name fragment and 192 bits of password, in ice-chars.
  package static func random(_ random: RandomSource) -> Self {
    // base64url's - and _ are not ice-chars: + and / stand in their place.
    func text(_ count: Int) -> String {
      String(Base64URL.encode(random.bytes(count)).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    }
    return Self(ufrag: text(6), pwd: text(24))
  }
}

/// Why a connectivity check was not accepted.
package enum ICEError: UInt8, Error, Equatable, Sendable {
  case malformed, unauthenticated, unexpected
}
