import HopCrypto
import STUN
import WireBytes

/// Answers the connectivity checks of a server that sends some. libnice does so even as a lite agent, and takes a pair
/// for connected only when it has the answer.
struct CheckResponder {
  private let key: [UInt8]

  /// `password` is that of the leg.
  init(password: String) { key = Array(password.utf8) }

  /// The answer to an authentic binding request; nil for everything else.
  func answer(_ datagram: Span<UInt8>, from source: Endpoint) -> [UInt8]? {
    guard let message = try? STUNMessage(parsing: datagram), message.messageClass == .request,
      (try? STUNMessage.verifyIntegrity(of: datagram, key: key, hmac: Self.hmac)) != nil
    else { return nil }
    var response = STUNMessageBuilder(messageClass: .success, transactionID: message.transactionID)
    response.xorMappedAddress(source)
    return response.finish(integrityKey: key, hmac: Self.hmac)
  }

  private static func hmac(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] { HopHMAC.sha1(key: key, message: message) }
}
