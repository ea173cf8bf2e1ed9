package import RelayEngine
import Signaling
package import WireBytes

/// One signalling connection, from the finished WebSocket handshake to its end: what may come when, how much of it,
/// and what the other side is told. It does nothing itself: every input returns the actions that follow from it.
package struct SessionMachine: ~Copyable {
  package enum State: Equatable {
    /// No member yet; `join` must come before the deadline.
    case awaitingJoin(until: MonotonicInstant)
    /// `join` is with the shard, which may still refuse it.
    case joining
    case joined
    /// Our close frame is out; what still comes in is read and dropped until the peer's close frame or the deadline.
    case closing(until: MonotonicInstant)
    case ended
  }

  let connection: ConnectionID
  let limits: ControlLimits
  let admission: JoinAdmission
  let wall: WallClock

  package internal(set) var state: State
  /// Whether a shard may hold something for this connection, and so must hear of its end.
  var isKnownToEngine = false
  /// Whether a join was ever handed on: who starts with anything else is no client of ours.
  var hasTriedToJoin = false
  var limiter: RateLimiter
  var assembly = MessageAssembly()
  var offences = 0
  var limited = 0
  private var lastHeard: MonotonicInstant
  private var nextPing: MonotonicInstant

  package init(
    connection: ConnectionID, limits: ControlLimits, admission: JoinAdmission, wall: WallClock, at now: MonotonicInstant
  ) {
    self.connection = connection
    self.limits = limits
    self.admission = admission
    self.wall = wall
    state = .awaitingJoin(until: now + limits.joinTimeout)
    limiter = RateLimiter(limits)
    lastHeard = now
    nextPing = limits.nextPing(after: now)
  }

  var isOpen: Bool {
    switch state {
    case .awaitingJoin, .joining, .joined: true
    case .closing, .ended: false
    }
  }

  /// When `expire` must be called at the latest.
  package var nextDeadline: MonotonicInstant {
    switch state {
    case .ended: return .never
    case .closing(let until): return until
    case .awaitingJoin, .joining, .joined: break
    }
    var deadline = min(lastHeard + limits.idleTimeout, nextPing)
    if case .awaitingJoin(let until) = state { deadline = min(deadline, until) }
    if let startedAt = assembly.startedAt { deadline = min(deadline, startedAt + limits.messageTimeout) }
    return deadline
  }

  package mutating func receive(_ frame: InboundFrame, at now: MonotonicInstant) -> [SessionAction] {
    guard isOpen else { return frame.opcode == .close ? finish() : [] }
    lastHeard = now
    guard frame.isMasked, !frame.hasReservedBits else { return end(.protocolError, at: now) }
    guard limiter.admitsFrame(at: now) else { return end(.rateLimited, at: now) }
    switch frame.opcode {
    case .ping: return [.pong(frame.payload)]
    case .pong: return []
    case .close: return closedByPeer(at: now)
    case .reserved: return end(.protocolError, at: now)
    case .text, .binary, .continuation: break
    }
    do {
      guard let message = try assembly.add(frame, limit: messageLimit, at: now) else { return [] }
      return receive(message, at: now)
    } catch .tooLarge {
      return oversize(at: now)
    } catch {
      return end(.protocolError, at: now)
    }
  }

  /// A frame that was too large to be read: what follows it on the connection cannot be understood.
  package mutating func oversize(at now: MonotonicInstant) -> [SessionAction] {
    guard isOpen else { return [] }
    let error = SignalingError(code: .tooLarge, message: "a message is larger than any may be", about: nil)
    return [.send(.error(error))] + end(.protocolError, code: 1009, at: now)
  }

  /// A frame that breaks RFC 6455.
  package mutating func brokenFrame(at now: MonotonicInstant) -> [SessionAction] { end(.protocolError, at: now) }

  /// More is queued for this client than it may leave unread. There is no room for a goodbye.
  package mutating func overflow(at now: MonotonicInstant) -> [SessionAction] {
    guard state != .ended else { return [] }
    return drop(.slowConsumer)
  }

  package mutating func expire(at now: MonotonicInstant) -> [SessionAction] {
    switch state {
    case .ended: return []
    case .closing(let until):
      guard now >= until else { return [] }
      state = .ended
      return [.abort]
    case .awaitingJoin(let until) where now >= until:
      let error = SignalingError(code: .badState, message: "no join came in time", about: "join")
      return [.send(.error(error))] + end(.joinTimeout, at: now)
    case .awaitingJoin, .joining, .joined: break
    }
    if now >= lastHeard + limits.idleTimeout { return drop(.idle) }
    if let startedAt = assembly.startedAt, now >= startedAt + limits.messageTimeout {
      return end(.protocolError, at: now)
    }
    guard now >= nextPing else { return [] }
    nextPing = limits.nextPing(after: now)
    return [.ping]
  }

  /// The server is going down.
  package mutating func shutdown(at now: MonotonicInstant) -> [SessionAction] { end(.shutdown, at: now) }

  /// The TCP connection is gone.
  package mutating func gone() -> [SessionAction] {
    let wasOpen = isOpen
    state = .ended
    return wasOpen ? tellEngine() + [.count(.closed(.disconnected))] : []
  }
}

/// Ends, gentle and not.
extension SessionMachine {
  /// Says goodbye and starts the closing handshake.
  mutating func end(_ cause: CloseCause, code: UInt16? = nil, at now: MonotonicInstant) -> [SessionAction] {
    guard isOpen else { return [] }
    state = .closing(until: now + limits.closeTimeout)
    var actions = tellEngine()
    if let reason = cause.goodbye { actions.append(.send(.goodbye(Goodbye(reason: reason)))) }
    return actions + [.close(code ?? cause.code), .count(.closed(cause))]
  }

  /// Ends without a word: the other side does not listen.
  private mutating func drop(_ cause: CloseCause) -> [SessionAction] {
    let wasOpen = isOpen
    state = .ended
    return tellEngine() + (wasOpen ? [.count(.closed(cause))] : []) + [.abort]
  }

  private mutating func closedByPeer(at now: MonotonicInstant) -> [SessionAction] {
    // The deadline stays: a peer that says close and then does not read would hold the connection otherwise.
    state = .closing(until: now + limits.closeTimeout)
    return tellEngine() + [.close(CloseCause.closedByClient.code), .count(.closed(.closedByClient)), .finish]
  }

  /// The peer has answered our close frame.
  private mutating func finish() -> [SessionAction] {
    guard state != .ended else { return [] }
    return [.finish]
  }

  private mutating func tellEngine() -> [SessionAction] {
    guard isKnownToEngine else { return [] }
    isKnownToEngine = false
    return [.submit(.disconnected(connection))]
  }
}

extension CloseCause {
  /// What the client is told. Refused tokens were told by their error; a client that is gone is told nothing.
  fileprivate var goodbye: Goodbye.Reason? {
    switch self {
    case .left: .left
    case .shutdown: .shutdown
    case .replaced: .replaced
    case .protocolError, .joinTimeout: .protocolError
    case .rateLimited: .rateLimited
    case .consentLost: .consentLost
    case .slowConsumer: .slowConsumer
    case .unauthorized, .idle, .closedByClient, .disconnected: nil
    }
  }
}
