package import WireBytes

/// One side's user name fragment and password (RFC 8445 section 5.3).
package struct ICECredentials: Sendable, Hashable {
  package let ufrag: String
  package let pwd: String

  package init(ufrag: String, pwd: String) {
    self.ufrag = ufrag
    self.pwd = pwd
  }

  /// 48 bits of user name fragment (8 characters: unlikely to meet another of the same shard, where it finds the peer)
  /// and 192 bits of password (32 characters), in ice-chars.
  package static func random(_ random: RandomSource) -> Self {
    // base64url's - and _ are not ice-chars: + and / stand in their place.
    func text(_ count: Int) -> String {
      String(Base64URL.encode(random.bytes(count)).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    }
    return Self(ufrag: text(6), pwd: text(24))
  }
}
