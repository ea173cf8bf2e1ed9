import HopCrypto
import STUN
import WireBytes

/// MESSAGE-INTEGRITY with a password as the key (RFC 8489 section 9.1.1, short-term credentials). ICE's passwords are
/// ASCII, so that SASLprep changes nothing.
struct ICEAuthentication: Sendable {
  private let key: HopHMACKey

  init(password: String) { key = HopHMACKey(Array(password.utf8)) }

  func verify(_ datagram: Span<UInt8>) throws(ICEError) {
    do throws(STUNError) {
      try STUNMessage.verifyIntegrity(of: datagram, hmac: key.sha1)
    } catch {
      throw .unauthenticated
    }
  }

  func finish(_ message: STUNMessageBuilder) -> [UInt8] { message.finish(hmac: key.sha1) }
}
