import STUN
package import WireBytes

/// A client's side of ICE against a lite peer, over one local socket (RFC 8445, RFC 7675).
///
/// It controls. Candidates are checked in their order, paced; the first that answers is nominated by a second check,
/// and a lone candidate by its first, which saves a round trip. Then consent is kept fresh. Drain `nextTransmit()` after
/// every call.
package struct ICEClientAgent: Sendable {
  package enum State: Sendable, Equatable {
    case new, checking, connected
    /// Consent has run out (RFC 7675 section 5.1): nothing may be sent until an ICE restart.
    case disconnected
    /// No candidate answered.
    case failed
  }

  /// Between first checks of two candidates; RFC 8445 section 14.2 wants 50 ms unless there is cause, and 5 ms at least.
  private static let pace = TimeInterval.milliseconds(50)
  /// RFC 7675 section 5.1: every 5 s, times a random 0.8...1.2, so that the checks of many clients do not fall together.
  private static let consentInterval: UInt64 = 5_000
  private static let consentTimeout = TimeInterval.seconds(30)
  /// Candidates that are checked. An answer holds a few; one that holds thousands must not make us a flood.
  private static let candidateLimit = 16
  /// Consent checks whose answers still count.
  private static let consentMemory = 8
  /// What a peer-reflexive candidate on our one interface would have (RFC 8445 section 7.1.1, 5.1.2.1).
  private static let priority: UInt32 = 110 << 24 | 65_535 << 8 | 255

  private let local: ICECredentials
  private let tieBreaker: UInt64
  private let random: RandomSource
  private var username = ""
  private var authentication: ICEAuthentication?
  private var checks: [ICECheck] = []
  private var consentChecks: [[UInt8]] = []
  private var nextConsent = MonotonicInstant.never
  private var consentDeadline = MonotonicInstant.never
  private var outgoing: [(datagram: [UInt8], to: Endpoint)] = []

  /// Where media goes. Nil before the first nomination is answered and after consent has run out.
  package private(set) var selected: Endpoint?
  package private(set) var state = State.new

  package init(local: ICECredentials, tieBreaker: UInt64, random: RandomSource) {
    self.local = local
    self.tieBreaker = tieBreaker
    self.random = random
  }

  /// Starts the checks, or with other credentials starts anew (ICE restart); an address selected before stays selected
  /// until another is.
  package mutating func setRemote(_ credentials: ICECredentials, candidates: [Endpoint], at now: MonotonicInstant) {
    username = "\(credentials.ufrag):\(local.ufrag)"
    authentication = ICEAuthentication(password: credentials.pwd)
    stopConsent()
    let candidates = candidates.prefix(Self.candidateLimit)
    checks = candidates.enumerated().map { index, candidate in
      ICECheck(
        candidate, transactionID: random.bytes(12), nominates: candidates.count == 1,
        at: now + Self.pace * UInt64(index))
    }
    state = .checking
    expire(at: now)
  }

  /// Takes one STUN message. Throws for what is not an authentic answer to a request of ours.
  package mutating func receive(
    _ datagram: Span<UInt8>, from endpoint: Endpoint, at now: MonotonicInstant
  ) throws(ICEError) {
    guard let authentication else { throw .unexpected }
    let message: STUNMessage
    do throws(STUNError) { message = try STUNMessage(parsing: datagram) } catch { throw .malformed }
    guard message.messageClass == .success || message.messageClass == .error else { throw .unexpected }
    try authentication.verify(datagram)
    let isSuccess = message.messageClass == .success
    if isSuccess, endpoint == selected, consentChecks.contains(message.transactionID) {
      consentChecks.removeAll()
      consentDeadline = now + Self.consentTimeout
      return
    }
    // An answer must come from where its check went (RFC 8445 section 7.2.5.2.1).
    guard
      let index = checks.firstIndex(where: {
        $0.state == .pending && $0.transactionID == message.transactionID && $0.candidate == endpoint
      })
    else { throw .unexpected }
    if !isSuccess {
      // A lite peer cannot take the controlling role, so that even 487 leaves nothing to try again.
      checks[index].fail()
    } else if checks[index].nominates {
      return select(endpoint, at: now)
    } else {
      checks[index].succeed()
    }
    expire(at: now)
  }

  package mutating func expire(at now: MonotonicInstant) {
    runChecks(at: now)
    guard let selected, state == .connected else { return }
    if consentDeadline <= now {
      stopConsent()
      self.selected = nil
      state = .disconnected
    } else if nextConsent <= now {
      let transactionID = random.bytes(12)
      if consentChecks.count >= Self.consentMemory { consentChecks.removeFirst() }
      consentChecks.append(transactionID)
      // With USE-CANDIDATE, so that a peer which sees us behind another address (a NAT's new mapping) follows at once.
      send(to: selected, transactionID: transactionID, nominates: true)
      scheduleConsent(at: now)
    }
  }

  package var nextDeadline: MonotonicInstant {
    var next = min(nextConsent, consentDeadline)
    for check in checks { next = min(next, check.deadline) }
    return next
  }

  /// The next datagram to send, nil when there is none.
  package mutating func nextTransmit() -> (datagram: [UInt8], to: Endpoint)? {
    outgoing.isEmpty ? nil : outgoing.removeFirst()
  }

  private mutating func runChecks(at now: MonotonicInstant) {
    guard state == .checking else { return }
    for index in checks.indices where checks[index].isDue(at: now) { send(checks[index]) }
    // One nomination at a time (RFC 8445 section 8.1.1); when it fails, the next that answered has its turn.
    if !checks.contains(where: { $0.nominates && $0.state == .pending }),
      let index = checks.firstIndex(where: { $0.state == .answered })
    {
      checks[index].nominate(transactionID: random.bytes(12), at: now)
      if checks[index].isDue(at: now) { send(checks[index]) }
    }
    if checks.allSatisfy({ $0.state == .failed }) {
      checks.removeAll()
      state = .failed
    }
  }

  private mutating func select(_ endpoint: Endpoint, at now: MonotonicInstant) {
    checks.removeAll()
    selected = endpoint
    state = .connected
    consentDeadline = now + Self.consentTimeout
    scheduleConsent(at: now)
  }

  private mutating func scheduleConsent(at now: MonotonicInstant) {
    let jitter = Self.consentInterval * 2 / 5 * UInt64(random.u16()) / 65_535
    nextConsent = now + .milliseconds(Self.consentInterval * 4 / 5 + jitter)
  }

  private mutating func stopConsent() {
    consentChecks.removeAll()
    nextConsent = .never
    consentDeadline = .never
  }

  private mutating func send(_ check: ICECheck) {
    send(to: check.candidate, transactionID: check.transactionID, nominates: check.nominates)
  }

  private mutating func send(to candidate: Endpoint, transactionID: [UInt8], nominates: Bool) {
    guard let authentication else { return }
    var request = STUNMessageBuilder(messageClass: .request, transactionID: transactionID)
    request.username(username)
    request.priority(Self.priority)
    request.controlling(tieBreaker)
    if nominates { request.useCandidate() }
    outgoing.append((authentication.finish(request), candidate))
  }
}
