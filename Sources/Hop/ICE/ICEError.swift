/// Why a STUN message was not accepted. Nothing is answered then.
package enum ICEError: UInt8, Error, Equatable, Sendable {
  /// Not a binding message.
  case malformed
  /// Another user name or password, or none.
  case unauthenticated
  /// Authentic, or not checked, but with no place here: an answer that nobody asked for or from elsewhere, an
  /// indication, a request to a client.
  case unexpected

  package var label: String {
    switch self {
    case .malformed: "malformed"
    case .unauthenticated: "unauthenticated"
    case .unexpected: "unexpected"
    }
  }
}
