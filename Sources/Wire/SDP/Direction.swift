/// Which way media goes in a section, as its writer sees it (RFC 8866 section 6.7).
package enum Direction: String, Sendable, Hashable, CaseIterable {
  case sendrecv, sendonly, recvonly, inactive

  package init(sends: Bool, receives: Bool) {
    self = sends && receives ? .sendrecv : sends ? .sendonly : receives ? .recvonly : .inactive
  }

  package var sends: Bool { self == .sendrecv || self == .sendonly }
  package var receives: Bool { self == .sendrecv || self == .recvonly }
  /// The same as the other side sees it.
  package var reversed: Direction { Direction(sends: receives, receives: sends) }
}

/// Who opens the DTLS association (RFC 4145 section 4, RFC 8842): `active` is the DTLS client.
package enum Setup: String, Sendable, Hashable, CaseIterable {
  case active, passive, actpass
}
