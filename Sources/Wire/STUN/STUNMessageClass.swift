/// The class of a STUN message (RFC 8489 section 5).
package enum STUNMessageClass: UInt8, Sendable {
  case request, indication, success, error
}
