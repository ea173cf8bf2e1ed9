import HopCrypto
import STUN
package import WireBytes

/// A client's side of ICE against a lite peer: it controls, checks the peer's candidates one after the other, nominates
/// the first that answers, and keeps consent fresh (RFC 8445, RFC 7675). One local socket is one base.
package struct ICEClientAgent: Sendable {
  package enum State: Sendable, Equatable { case new, checking, connected, disconnected, failed }

  /// Between first checks to different candidates (RFC 8445 section 14.2).
  private static let pace = TimeInterval.milliseconds(20)
  /// Retransmission of a check doubles from this value; a call's set-up does not wait for the 500 ms of RFC 8445.
  private static let firstTimeout = TimeInterval.milliseconds(100)
  private static let longestTimeout = TimeInterval.milliseconds(1_600)
  private static let maximumAttempts = 12
  /// RFC 7675 section 5.1: about every 5 s, randomised by a fifth either way; without an answer for 30 s consent ends.
  private static let consentInterval: UInt64 = 5_000
  private static let consentTimeout = TimeInterval.seconds(30)
  /// A consent check without an answer is sent again after this time.
  private static let consentRetry = TimeInterval.milliseconds(500)
  /// Candidates that are checked; an answer holds few.
  private static let maximumCandidates = 16

  private struct Pair {
    let candidate: Endpoint
    let transactionID: [UInt8]
    var nextAt: MonotonicInstant
    var timeout: TimeInterval
    var attempts: Int
  }

  private let local: ICECredentials
  private let tieBreaker: UInt64
  private let random: RandomSource
  private var remote: ICECredentials?
  private var pairs: [Pair] = []
  private var consentID: [UInt8] = []
  private var nextConsent = MonotonicInstant.never
  private var lastAnswer = MonotonicInstant(nanoseconds: 0)
  private var outgoing: [(datagram: [UInt8], to: Endpoint)] = []

  package private(set) var selected: Endpoint?
  package private(set) var state = State.new

  package init(local: ICECredentials, tieBreaker: UInt64, random: RandomSource) {
    self.local = local
    self.tieBreaker = tieBreaker
    self.random = random
  }

  /// Starts checks, or with new credentials starts them again (ICE restart). The old pair stays selected until a new
  /// one answers.
  package mutating func setRemote(_ credentials: ICECredentials, candidates: [Endpoint], at now: MonotonicInstant) {
    remote = credentials
    nextConsent = .never
    pairs = candidates.prefix(Self.maximumCandidates).enumerated().map { index, candidate in
      Pair(
        candidate: candidate, transactionID: random.bytes(12), nextAt: now + Self.pace * UInt64(index),
        timeout: Self.firstTimeout, attempts: 0)
    }
    state = pairs.isEmpty ? .failed : .checking
    expire(at: now)
  }

  package mutating func receive(
    _ datagram: Span<UInt8>, from endpoint: Endpoint, at now: MonotonicInstant
  ) throws(ICEError) {
    guard let remote else { throw .unexpected }
    let message: STUNMessage
    do throws(STUNError) { message = try STUNMessage(parsing: datagram) } catch { throw .malformed }
    guard message.messageClass == .success || message.messageClass == .error else { throw .unexpected }
    do throws(STUNError) {
      try STUNMessage.verifyIntegrity(
        of: datagram, key: Array(remote.pwd.utf8), hmac: { HopHMAC.sha1(key: $0, message: $1) })
    } catch {
      throw .unauthenticated
    }
    guard message.messageClass == .success else {
      pairs.removeAll { $0.transactionID == message.transactionID }
      if pairs.isEmpty, state == .checking { state = .failed }
      return
    }
    if message.transactionID == consentID, endpoint == selected {
      lastAnswer = now
      state = .connected
      return
    }
    // RFC 8445 section 7.2.5.2.1: an answer must come from where the check went.
    guard pairs.contains(where: { $0.transactionID == message.transactionID && $0.candidate == endpoint }) else {
      throw .unexpected
    }
    pairs.removeAll()
    selected = endpoint
    state = .connected
    lastAnswer = now
    consentID = []
    scheduleConsent(at: now)
  }

  package mutating func expire(at now: MonotonicInstant) {
    for index in pairs.indices where pairs[index].nextAt <= now {
      guard pairs[index].attempts < Self.maximumAttempts else { continue }
      send(to: pairs[index].candidate, transactionID: pairs[index].transactionID)
      pairs[index].attempts += 1
      pairs[index].nextAt = now + pairs[index].timeout
      pairs[index].timeout = min(pairs[index].timeout * 2, Self.longestTimeout)
    }
    if state == .checking, pairs.allSatisfy({ $0.attempts >= Self.maximumAttempts && $0.nextAt <= now }) {
      pairs.removeAll()
      state = .failed
    }
    guard let selected, nextConsent <= now else { return }
    if now.nanoseconds(since: lastAnswer) >= Self.consentTimeout.nanoseconds {
      state = .disconnected
      nextConsent = .never
      return
    }
    let isUnanswered = !consentID.isEmpty && now.nanoseconds(since: lastAnswer) > 7_000_000_000
    consentID = random.bytes(12)
    send(to: selected, transactionID: consentID)
    if isUnanswered { nextConsent = now + Self.consentRetry } else { scheduleConsent(at: now) }
  }

  package var nextDeadline: MonotonicInstant {
    var next = nextConsent
    for pair in pairs { next = min(next, pair.nextAt) }
    return next
  }

  /// The next datagram to send; drain after every call.
  package mutating func nextTransmit() -> (datagram: [UInt8], to: Endpoint)? {
    outgoing.isEmpty ? nil : outgoing.removeFirst()
  }

  private mutating func scheduleConsent(at now: MonotonicInstant) {
    let jitter = Self.consentInterval * 8 / 10 + UInt64(random.u16()) * (Self.consentInterval * 4 / 10) / 65_536
    nextConsent = now + .milliseconds(jitter)
  }

  private mutating func send(to candidate: Endpoint, transactionID: [UInt8]) {
    guard let remote else { return }
    var request = STUNMessageBuilder(messageClass: .request, transactionID: transactionID)
    request.username("\(remote.ufrag):\(local.ufrag)")
    // A host candidate's priority as a peer-reflexive one would have (RFC 8445 section 7.1.1).
    request.priority(110 << 24 | 65_535 << 8 | 255)
    request.controlling(tieBreaker)
    request.useCandidate()
    let datagram = request.finish(
      integrityKey: Array(remote.pwd.utf8), hmac: { HopHMAC.sha1(key: $0, message: $1) })
    outgoing.append((datagram, candidate))
  }
}
