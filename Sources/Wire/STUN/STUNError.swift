/// Why bytes are not an acceptable STUN message.
package enum STUNError: UInt8, Error, Equatable, Sendable {
  case truncated, notSTUN, badLength, badCookie, badAttribute, badFingerprint, badIntegrity, missingIntegrity
}
