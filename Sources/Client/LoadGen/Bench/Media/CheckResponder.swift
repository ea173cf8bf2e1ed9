import HopCrypto
import STUN
import WireBytes

/// Answers the connectivity checks of a server that sends some. libnice does so even as a lite agent, and takes a pair
/// for connected only when it has the answer.
struct CheckResponder {
  private let key: HopHMACKey

  /// `password` is that of the leg.
  init(password: String) { key = HopHMACKey(Array(password.utf8)) }

  /// The answer to an authentic binding request; nil for everything else.
  func answer(_ datagram: Span<UInt8>, from source: Endpoint) -> [UInt8]? {
    guard let message = try? STUNMessage(parsing: datagram), message.messageClass == .request,
      (try? STUNMessage.verifyIntegrity(of: datagram, hmac: key.sha1)) != nil
    else { return nil }
    var response = STUNMessageBuilder(messageClass: .success, transactionID: message.transactionID)
    response.xorMappedAddress(source)
    return response.finish(hmac: key.sha1)
  }
}
