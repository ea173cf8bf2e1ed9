package import WireBytes

/// What one signalling connection may do. Everything that a client controls has a bound here.
package struct ControlLimits: Sendable {
  /// A steady rate and how far a burst may run ahead of it.
  package struct Rate: Sendable, Equatable {
    package var perSecond: UInt64
    package var burst: UInt64

    package init(perSecond: UInt64, burst: UInt64) {
      self.perSecond = perSecond
      self.burst = burst
    }
  }

  /// Largest texts, in bytes. An offer of 256 m-lines has about 400 KiB.
  package var offerBytes = 512 * 1024
  package var joinBytes = 64 * 1024
  /// A sealed body of 48 KiB is 64 KiB of base64url; the rest is for the JSON around it.
  package var sealedBytes = 65 * 1024
  package var otherBytes = 16 * 1024

  /// One commit in a room of 200 is 200 sealed messages at once.
  package var sealedRate = Rate(perSecond: 200, burst: 2000)
  /// A commit is one; a room changes its keys a few times a second at most.
  package var sealedToAllRate = Rate(perSecond: 10, burst: 100)
  /// Parsing an offer is the dearest thing a client can ask for.
  package var offerRate = Rate(perSecond: 2, burst: 10)
  /// For each other type of message by itself.
  package var otherRate = Rate(perSecond: 20, burst: 200)
  /// Of WebSocket frames of any kind, counted before anything is parsed. Above the sum of what clients need, so that
  /// only a flood meets it; it ends the connection at once.
  package var frameRate = Rate(perSecond: 400, burst: 4000)

  /// Messages that are malformed, too large or out of place, until the connection is closed.
  package var offencesBeforeClose = 5
  /// Messages over their type's rate, until the connection is closed.
  package var limitedBeforeClose = 100

  /// From TCP accept to a finished WebSocket handshake, and from there to `join`.
  package var joinTimeout = TimeInterval.seconds(10)
  /// A WebSocket ping goes out so often; proxies and NATs forget quieter connections, the impatient ones after 30 s.
  package var keepAlive = TimeInterval.seconds(20)
  /// Pings of all connections go out at multiples of this, at once: a wake-up for each would cost more than they do.
  private static let pingTick = TimeInterval.seconds(1)
  /// A connection that nothing was heard from for so long is dead: two pings went unanswered.
  package var idleTimeout = TimeInterval.seconds(45)
  /// From a fragmented message's first frame to its last.
  package var messageTimeout = TimeInterval.seconds(20)
  /// How long to wait for the peer's close frame after ours (RFC 6455 section 7.1.1). Closing the TCP connection
  /// before the peer has read everything could take the goodbye from it.
  package var closeTimeout = TimeInterval.seconds(2)
  /// Bytes that wait for a client that does not read, until the connection is closed.
  package var maxQueuedBytes = 8 * 1024 * 1024

  package init() {}

  /// The largest WebSocket frame or reassembled message that is taken in at all.
  var largestMessage: Int { max(offerBytes, joinBytes, sealedBytes, otherBytes) }

  func bytes(of kind: MessageKind) -> Int {
    switch kind {
    case .offer: offerBytes
    case .join: joinBytes
    case .sealed, .sealedToAll: sealedBytes
    default: otherBytes
    }
  }

  func rate(of kind: MessageKind) -> Rate {
    switch kind {
    case .offer: offerRate
    case .sealed: sealedRate
    case .sealedToAll: sealedToAllRate
    default: otherRate
    }
  }

  func nextPing(after now: MonotonicInstant) -> MonotonicInstant { (now + keepAlive).roundedUp(to: Self.pingTick) }
}
