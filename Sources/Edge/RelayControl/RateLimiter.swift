import WireBytes

/// One bucket for frames of any kind and one for each type of message.
struct RateLimiter: Sendable {
  private var frames: TokenBucket
  private var messages: [TokenBucket]

  init(_ limits: ControlLimits) {
    frames = TokenBucket(limits.frameRate)
    messages = MessageKind.allCases.map { TokenBucket(limits.rate(of: $0)) }
  }

  mutating func admitsFrame(at now: MonotonicInstant) -> Bool { frames.take(at: now) }

  mutating func admits(_ kind: MessageKind, at now: MonotonicInstant) -> Bool {
    messages[Int(kind.rawValue)].take(at: now)
  }
}
