import HopCrypto
import STUN
package import WireBytes

/// The relay's side of ICE for one peer: lite (RFC 8445 section 2.5), so it answers checks and sends none.
///
/// Its answers are also the answers to consent checks; a peer that stops asking has lost its path or its wish
/// (RFC 7675).
package struct ICELiteAgent: Sendable {
  package enum Outcome: Sendable, Equatable {
    case reply([UInt8])
    /// The check nominated an address that was not selected before.
    case replyAndSelected([UInt8], Endpoint)
  }

  /// Addresses kept as validated; a client has few, and more would only serve an attacker.
  private static let maximumAddresses = 8

  private let local: ICECredentials
  private let username: String
  private let consentTimeout: TimeInterval
  private var validated: [Endpoint] = []
  private var lastCheck: MonotonicInstant?

  /// Where media goes; nil until a check nominated an address.
  package private(set) var selected: Endpoint?

  package init(local: ICECredentials, remoteUfrag: String, remotePwd: String, consentTimeout: TimeInterval) {
    self.local = local
    username = "\(local.ufrag):\(remoteUfrag)"
    self.consentTimeout = consentTimeout
    _ = remotePwd
  }

  /// The local part of a check's USERNAME: which peer a datagram from an unknown address is for. Nil for anything that
  /// is not a well-formed binding request.
  package static func localUfrag(of datagram: Span<UInt8>) -> String? {
    guard let message = try? STUNMessage(parsing: datagram), message.messageClass == .request,
      let username = message.username, let colon = username.firstIndex(of: ":")
    else { return nil }
    return String(username[..<colon])
  }

  /// Answers one check. Throws for anything that is not an authentic check of this peer.
  package mutating func receive(
    _ datagram: Span<UInt8>, from endpoint: Endpoint, at now: MonotonicInstant
  ) throws(ICEError) -> Outcome {
    let message: STUNMessage
    do throws(STUNError) { message = try STUNMessage(parsing: datagram) } catch { throw .malformed }
    guard message.messageClass == .request else { throw .unexpected }
    guard message.username == username else { throw .unauthenticated }
    do throws(STUNError) {
      try STUNMessage.verifyIntegrity(
        of: datagram, key: Array(local.pwd.utf8), hmac: { HopHMAC.sha1(key: $0, message: $1) })
    } catch {
      throw .unauthenticated
    }
    if !message.unknownRequired.isEmpty {
      return .reply(error(420, "Unknown Attribute", to: message, unknown: message.unknownRequired))
    }
    // A lite agent is always controlled; a peer that thinks so of itself must switch (RFC 8445 section 7.3.1.1).
    if message.iceControlled != nil { return .reply(error(487, "Role Conflict", to: message)) }
    guard note(endpoint) else { throw .unexpected }
    lastCheck = now
    var response = STUNMessageBuilder(messageClass: .success, transactionID: message.transactionID)
    response.xorMappedAddress(endpoint)
    let bytes = response.finish(
      integrityKey: Array(local.pwd.utf8), hmac: { HopHMAC.sha1(key: $0, message: $1) })
    guard message.useCandidate, selected != endpoint else { return .reply(bytes) }
    selected = endpoint
    return .replyAndSelected(bytes, endpoint)
  }

  /// Whether an authentic check came from the address.
  package func isValidated(_ endpoint: Endpoint) -> Bool { validated.contains(endpoint) }

  /// When consent ends unless a check comes; `.never` before the first.
  package var consentDeadline: MonotonicInstant { lastCheck.map { $0 + consentTimeout } ?? .never }

  package func hasConsent(at now: MonotonicInstant) -> Bool { lastCheck != nil && now < consentDeadline }

  /// False when the peer has too many addresses: the oldest that is not selected makes room.
  private mutating func note(_ endpoint: Endpoint) -> Bool {
    if validated.contains(endpoint) { return true }
    if validated.count >= Self.maximumAddresses {
      guard let oldest = validated.firstIndex(where: { $0 != selected }) else { return false }
      validated.remove(at: oldest)
    }
    validated.append(endpoint)
    return true
  }

  private func error(_ code: Int, _ reason: String, to message: STUNMessage, unknown: [UInt16] = []) -> [UInt8] {
    var response = STUNMessageBuilder(messageClass: .error, transactionID: message.transactionID)
    response.errorCode(code, reason: reason)
    if !unknown.isEmpty { response.unknownAttributes(unknown) }
    return response.finish(
      integrityKey: Array(local.pwd.utf8), hmac: { HopHMAC.sha1(key: $0, message: $1) })
  }
}
