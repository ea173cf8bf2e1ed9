package import RelayEngine
import SDP
import Signaling
package import WireBytes

/// Messages from the client.
extension SessionMachine {
  /// Before `join` nothing needs to be larger than one.
  var messageLimit: Int { hasTriedToJoin ? limits.largestMessage : limits.joinBytes }

  mutating func receive(_ message: MessageAssembly.Message, at now: MonotonicInstant) -> [SessionAction] {
    guard !message.isBinary else {
      return offend(.malformed, "messages are text frames, not binary ones", about: nil, at: now)
    }
    guard let decoded = SignalingText.decode(ClientMessage.self, from: message.bytes) else {
      return offend(.malformed, "the message is not well-formed", about: nil, at: now)
    }
    let kind = MessageKind(decoded)
    let counted = SessionAction.count(.received(kind, bytes: message.bytes.count))
    guard limiter.admits(kind, at: now) else { return [counted] + limit(kind, at: now) }
    guard message.bytes.count <= limits.bytes(of: kind) else {
      let text = "a message of this type may hold \(limits.bytes(of: kind)) bytes at most"
      return [counted] + offend(.tooLarge, text, about: kind.label, at: now)
    }
    return [counted] + act(on: decoded, kind, at: now)
  }

  private mutating func act(
    on message: ClientMessage, _ kind: MessageKind, at now: MonotonicInstant
  ) -> [SessionAction] {
    if case .unknown = message { return [] }
    if case .join(let join) = message { return self.join(join, at: now) }
    guard hasTriedToJoin else {
      let error = SignalingError(code: .badState, message: "the first message must be a join", about: kind.label)
      return [.send(.error(error))] + end(.protocolError, at: now)
    }
    if case .ping(let ping) = message { return [.send(.pong(ping))] }
    // The shard refused the join; messages that were sent behind it may still come in.
    if case .awaitingJoin = state { return offend(.badState, "join a room first", about: kind.label, at: now) }
    if case .offer(let offer) = message { return [self.offer(offer)] }
    return [.submit(.message(connection, message))]
  }

  private mutating func join(_ join: Join, at now: MonotonicInstant) -> [SessionAction] {
    guard case .awaitingJoin = state else {
      return offend(.badState, "this connection has joined already", about: "join", at: now)
    }
    do {
      let admitted = try admission.admit(join, nowUnixSeconds: wall.unixSeconds(at: now))
      state = .joining
      hasTriedToJoin = true
      isKnownToEngine = true
      return [.join(admitted)]
    } catch {
      let refusal = SignalingError(code: .unauthorized, message: error.sentence, about: "join")
      return [.count(.tokenRefused(error)), .send(.error(refusal))] + end(.unauthorized, at: now)
    }
  }

  /// Parses here, on the event loop: a large SDP must not hold up a shard's packets.
  private func offer(_ offer: Offer) -> SessionAction {
    do {
      let session = try OfferedSession(SessionDescription(parsing: offer.sdp))
      return .submit(.offer(connection, session))
    } catch {
      return .send(.error(SignalingError(code: .badOffer, message: error.message, about: "offer")))
    }
  }

  /// Tells of a fault and ends the connection when there were too many.
  private mutating func offend(
    _ code: SignalingError.Code, _ message: String, about: String?, at now: MonotonicInstant
  ) -> [SessionAction] {
    offences += 1
    let told = SessionAction.send(.error(SignalingError(code: code, message: message, about: about)))
    return offences < limits.offencesBeforeClose ? [told] : [told] + end(.protocolError, at: now)
  }

  private mutating func limit(_ kind: MessageKind, at now: MonotonicInstant) -> [SessionAction] {
    limited += 1
    guard limited < limits.limitedBeforeClose else { return end(.rateLimited, at: now) }
    let message = "too many messages of this type: this one was dropped"
    return [.send(.error(SignalingError(code: .rateLimited, message: message, about: kind.label)))]
  }
}

/// What the shard says.
extension SessionMachine {
  package mutating func receive(_ event: EngineEvent, at now: MonotonicInstant) -> [SessionAction] {
    guard isOpen else { return [] }
    switch event {
    case .send(_, let message):
      note(message, at: now)
      return [.send(message)]
    case .answer(_, let answer):
      return [.send(.answer(Answer(sdp: answer.render())))]
    case .close(_, let reason):
      isKnownToEngine = false
      return end(CloseCause(reason), at: now)
    case .broadcast, .roomOpened, .roomClosed, .roomMembers, .joinHandled, .drained:
      return []
    }
  }

  /// A refused join leaves the connection where it was: a client whose resume was refused joins anew on it.
  private mutating func note(_ message: RelayMessage, at now: MonotonicInstant) {
    guard state == .joining else { return }
    switch message {
    case .joined:
      state = .joined
    case .error(let error) where error.about == "join":
      state = .awaitingJoin(until: now + limits.joinTimeout)
      isKnownToEngine = false
    default:
      break
    }
  }
}
