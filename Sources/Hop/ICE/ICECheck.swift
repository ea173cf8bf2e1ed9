import WireBytes

/// One connectivity check of a client: a binding transaction with one of the peer's candidates, with its
/// retransmissions (RFC 8445 section 7.2.5, RFC 8489 section 6.2.1).
struct ICECheck: Sendable {
  /// The wait before the first retransmission, doubled up to the longest. RFC 8445 section 14.3 starts at 500 ms for
  /// agents that check dozens of pairs; here there are one or two, and a call's set-up must not wait half a second for a
  /// lost packet.
  static let firstTimeout = TimeInterval.milliseconds(100)
  static let longestTimeout = TimeInterval.milliseconds(1_600)
  /// Some 15 s in all: long enough for a network that just changed, short enough that a user still waits.
  static let maximumAttempts = 12

  enum State: Sendable { case pending, answered, failed }

  let candidate: Endpoint
  private(set) var transactionID: [UInt8]
  /// Whether the request carries USE-CANDIDATE.
  private(set) var nominates: Bool
  private(set) var nextAt: MonotonicInstant
  private(set) var state = State.pending
  private var timeout = ICECheck.firstTimeout
  private var attempts = 0

  init(_ candidate: Endpoint, transactionID: [UInt8], nominates: Bool, at start: MonotonicInstant) {
    self.candidate = candidate
    self.transactionID = transactionID
    self.nominates = nominates
    nextAt = start
  }

  /// When something is to be done for it.
  var deadline: MonotonicInstant { state == .pending ? nextAt : .never }

  /// Whether the request is to be sent now. Gives up when the last one had its time.
  mutating func isDue(at now: MonotonicInstant) -> Bool {
    guard state == .pending, nextAt <= now else { return false }
    guard attempts < Self.maximumAttempts else {
      state = .failed
      return false
    }
    attempts += 1
    nextAt = now + timeout
    timeout = min(timeout * 2, Self.longestTimeout)
    return true
  }

  mutating func succeed() { state = .answered }
  mutating func fail() { state = .failed }

  /// Begins again as the check that nominates, with a transaction of its own.
  mutating func nominate(transactionID: [UInt8], at now: MonotonicInstant) {
    self = ICECheck(candidate, transactionID: transactionID, nominates: true, at: now)
  }
}
