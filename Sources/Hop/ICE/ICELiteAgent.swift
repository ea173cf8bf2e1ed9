package import STUN
package import WireBytes

/// The relay's side of ICE for one peer: lite (RFC 8445 section 2.5), so that it answers checks and sends none.
///
/// A nomination takes effect at once, and the latest one wins: clients that move to another network nominate the new
/// address and go on. A lite agent cannot ask for consent (RFC 7675); the peer's own checks on the selected address,
/// authentic as they are, stand in for the answers.
package struct ICELiteAgent: Sendable {
  package enum Outcome: Sendable, Equatable {
    case reply([UInt8])
    /// The check nominated an address other than the one selected before.
    case replyAndSelected([UInt8], Endpoint)
  }

  /// Addresses kept as validated. A client has a few; each lets datagrams pass to DTLS and SRTP, so that a peer must
  /// not collect them without end.
  package static let addressLimit = 8

  private let authentication: ICEAuthentication
  private let username: String
  private let consentTimeout: TimeInterval
  /// Oldest first.
  private var validated: [Endpoint] = []
  /// When the last authentic check came from the selected address.
  private var confirmedAt: MonotonicInstant?

  /// Where media goes; nil until a check nominated an address. Stays when consent ends, so that a check from there
  /// renews it.
  package private(set) var selected: Endpoint?

  /// `remotePwd` is for checks of our own, which a lite agent does not make: it is taken for the symmetry of both ends
  /// and not kept.
  package init(local: ICECredentials, remoteUfrag: String, remotePwd: String, consentTimeout: TimeInterval) {
    authentication = ICEAuthentication(password: local.pwd)
    username = "\(local.ufrag):\(remoteUfrag)"
    self.consentTimeout = consentTimeout
  }

  /// The local part of a check's USERNAME: which peer a datagram from an unknown address is for. Nil for anything but a
  /// binding request with one. Nothing is authenticated yet.
  package static func localUfrag(of message: STUNMessage) -> String? {
    guard message.messageClass == .request, let username = message.username, let colon = username.firstIndex(of: ":")
    else { return nil }
    return String(username[..<colon])
  }

  /// Answers one check. Throws for anything that is not an authentic check of this peer: without the password not even
  /// an error is sent, so that the relay is of no use as a reflector.
  /// `datagram` is what `message` was parsed from.
  package mutating func receive(
    _ message: STUNMessage, of datagram: Span<UInt8>, from endpoint: Endpoint, at now: MonotonicInstant
  ) throws(ICEError) -> Outcome {
    guard message.messageClass == .request else { throw .unexpected }
    guard message.username == username else { throw .unauthenticated }
    try authentication.verify(datagram)
    guard message.unknownRequired.isEmpty else {
      return .reply(refusal(420, "Unknown Attribute", of: message))
    }
    // A lite agent is always controlled; a peer that believes the same of itself must switch, whatever the tie breakers
    // say (RFC 8445 sections 6.1.1 and 7.3.1.1).
    guard message.iceControlled == nil else { return .reply(refusal(487, "Role Conflict", of: message)) }
    note(endpoint)
    let isNew = message.useCandidate && selected != endpoint
    if isNew { selected = endpoint }
    if selected == endpoint { confirmedAt = now }
    var response = STUNMessageBuilder(messageClass: .success, transactionID: message.transactionID)
    response.xorMappedAddress(endpoint)
    let bytes = authentication.finish(response)
    return isNew ? .replyAndSelected(bytes, endpoint) : .reply(bytes)
  }

  /// Whether an authentic check came from the address, and the address is still kept.
  package func isValidated(_ endpoint: Endpoint) -> Bool { validated.contains(endpoint) }

  /// When consent ends unless a check comes; `.never` before an address is selected.
  package var consentDeadline: MonotonicInstant { confirmedAt.map { $0 + consentTimeout } ?? .never }

  /// Whether media may be sent to the selected address.
  package func hasConsent(at now: MonotonicInstant) -> Bool { confirmedAt != nil && now < consentDeadline }

  /// Keeps the address; the oldest one that is not selected makes room.
  private mutating func note(_ endpoint: Endpoint) {
    guard !validated.contains(endpoint) else { return }
    if validated.count >= Self.addressLimit, let oldest = validated.firstIndex(where: { $0 != selected }) {
      validated.remove(at: oldest)
    }
    validated.append(endpoint)
  }

  private func refusal(_ code: Int, _ reason: String, of message: STUNMessage) -> [UInt8] {
    var response = STUNMessageBuilder(messageClass: .error, transactionID: message.transactionID)
    response.errorCode(code, reason: reason)
    if code == 420 { response.unknownAttributes(message.unknownRequired) }
    return authentication.finish(response)
  }
}
