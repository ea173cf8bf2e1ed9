import HopCrypto
import STUN
import WireBytes

/// MESSAGE-INTEGRITY with a password as the key (RFC 8489 section 9.1.1, short-term credentials). ICE's passwords are
/// ASCII, so that SASLprep changes nothing.
struct ICEAuthentication: Sendable {
  private let key: [UInt8]

  init(password: String) { key = Array(password.utf8) }

  func verify(_ datagram: Span<UInt8>) throws(ICEError) {
    do throws(STUNError) {
      try STUNMessage.verifyIntegrity(of: datagram, key: key, hmac: Self.hmac)
    } catch {
      throw .unauthenticated
    }
  }

  func finish(_ message: STUNMessageBuilder) -> [UInt8] { message.finish(integrityKey: key, hmac: Self.hmac) }

  private static func hmac(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] { HopHMAC.sha1(key: key, message: message) }
}
