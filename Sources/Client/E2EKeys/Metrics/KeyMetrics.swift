package import WireBytes

/// What the post-quantum operations are, for their durations.
package enum KeyOperation: String, Sendable, CaseIterable, Hashable {
  /// One generation of agreement keys.
  case generateKeys = "generate_keys"
  case encapsulate, decapsulate, sign, verify

  package var label: String { rawValue }
}

/// How a key reached one member, or did not.
package struct HandshakeCounts: Sendable, Equatable {
  /// Keys wrapped for others.
  package var made: UInt64 = 0
  /// Keys unwrapped.
  package var opened: UInt64 = 0
  /// Keys that did not unwrap, or that policy refused.
  package var refused: UInt64 = 0

  package init(made: UInt64 = 0, opened: UInt64 = 0, refused: UInt64 = 0) {
    self.made = made
    self.opened = opened
    self.refused = refused
  }
}

/// Where the epoch of a frame stands against the one in use.
package enum EpochAge: String, Sendable, CaseIterable, Hashable {
  case future, current, previous, older
  /// There is no epoch in use, or the frame names none.
  case none
}

/// Why a frame did not open, and how old its epoch was.
package struct OpenFailure: Hashable, Sendable {
  package let cause: E2EError
  package let age: EpochAge

  package init(cause: E2EError, age: EpochAge) {
    self.cause = cause
    self.age = age
  }
}

/// Counts and durations of one member's keys. Holds no identity and no secret, and its size is bounded.
package struct KeyMetrics: Sendable, Equatable {
  package var durations: [KeyOperation: DurationHistogram] = [:]
  package var handshakes: [KeyAgreementSuite: HandshakeCounts] = [:]
  /// From the relay's `prepare`, or the commit that came without one, to this member's switch.
  package var rekeyConvergence = DurationHistogram()
  /// Epochs in use whose key went to somebody by a 768 suite.
  package var fallbacks: UInt64 = 0
  package var epochsActivated: UInt64 = 0
  package var openFailures: [OpenFailure: UInt64] = [:]
  /// Sealed messages to other members, a message to all counted once; and their bytes.
  package var messagesSent: UInt64 = 0
  package var bytesSent: UInt64 = 0
  /// What post-quantum operations cost this member from its start to its first epoch; nil before that.
  package var joinCost: TimeInterval?

  package init() {}

  package mutating func merge(_ other: KeyMetrics) {
    durations.merge(other.durations) { a, b in
      var merged = a
      merged.merge(b)
      return merged
    }
    for (suite, counts) in other.handshakes {
      handshakes[suite, default: HandshakeCounts()].made &+= counts.made
      handshakes[suite, default: HandshakeCounts()].opened &+= counts.opened
      handshakes[suite, default: HandshakeCounts()].refused &+= counts.refused
    }
    rekeyConvergence.merge(other.rekeyConvergence)
    fallbacks &+= other.fallbacks
    epochsActivated &+= other.epochsActivated
    openFailures.merge(other.openFailures) { $0 &+ $1 }
    messagesSent &+= other.messagesSent
    bytesSent &+= other.bytesSent
    joinCost = [joinCost, other.joinCost].compactMap { $0 }.max()
  }

  /// The post-quantum time so far.
  var operationTime: TimeInterval {
    TimeInterval(nanoseconds: durations.values.reduce(0) { $0 &+ $1.total })
  }

  mutating func timed<Result, Failure: Error>(
    _ operation: KeyOperation, _ stopwatch: Stopwatch, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = stopwatch.now()
    let result = try body()
    let end = stopwatch.now()
    durations[operation, default: DurationHistogram()].record(nanoseconds: end > start ? end - start : 0)
    return result
  }
}
