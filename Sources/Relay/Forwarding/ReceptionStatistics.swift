package import RTP
package import WireBytes

/// What a receiver must know of one RTP stream to report on it: RFC 3550 appendices A.1 (sequence numbers), A.3
/// (losses) and A.8 (jitter). Without the probation of A.1, since SRTP has authenticated the source.
package struct ReceptionStatistics: Sendable {
  /// A jump ahead of this many numbers and more is a restart, if the next packet confirms it (A.1).
  private static let maximumDropout: UInt16 = 3000
  /// So far back a packet is late or a duplicate; further, a restart (A.1).
  private static let maximumMisorder: UInt16 = 100

  private var hasStarted = false
  private var base: UInt16 = 0
  private var highest: UInt16 = 0
  /// 65536 times the wrap-arounds.
  private var cycles: Int64 = 0
  /// The number that would confirm a restart; out of range when none is suspected.
  private var confirmation: UInt32 = .max
  private var receivedSinceStart: Int64 = 0
  /// Totals of the stream before its last restart.
  private var expectedBefore: Int64 = 0
  private var receivedBefore: Int64 = 0

  private var expectedAtReport: Int64 = 0
  private var receivedAtReport: Int64 = 0

  private var lastTransit: UInt32?
  /// Sixteen times the jitter in units of the RTP clock, as in A.8.
  private var scaledJitter: UInt32 = 0
  private var clockRate: UInt32 = 0

  private var lastReport: (middle: UInt32, at: MonotonicInstant)?

  /// RTP payload octets received.
  package private(set) var bytes: UInt64 = 0
  /// The loss between the last two `reportBlock` calls, 0...1.
  package private(set) var fractionLostOfLastInterval = 0.0

  package init() {}

  /// Packets that should have come since the beginning.
  package var expected: Int64 { expectedBefore + expectedSinceStart }
  /// Packets that came, duplicates and late ones included.
  package var received: Int64 { receivedBefore + receivedSinceStart }
  /// Negative when duplicates outnumber losses.
  package var lost: Int64 { expected - received }

  package var jitterSeconds: Double { clockRate == 0 ? 0 : Double(scaledJitter) / 16 / Double(clockRate) }

  /// Takes in one packet of the stream itself; retransmissions are another stream (RFC 4588).
  package mutating func received(
    sequence: UInt16, timestamp: UInt32, clockRate: UInt32, bytes: Int, at now: MonotonicInstant
  ) {
    self.clockRate = clockRate
    self.bytes &+= UInt64(max(0, bytes))
    guard update(sequence) else { return }
    receivedSinceStart += 1
    updateJitter(timestamp, clockRate: clockRate, at: now)
  }

  /// Notes a sender report, for the round trip that the sender computes from the next report block.
  package mutating func senderReport(ntp: UInt64, at now: MonotonicInstant) {
    lastReport = (UInt32(truncatingIfNeeded: ntp >> 16), now)
  }

  /// The report block of this moment; begins the next interval.
  package mutating func reportBlock(ssrc: SSRC, at now: MonotonicInstant) -> ReportBlock {
    let (expectedNow, receivedNow) = (expected, received)
    let expectedInterval = expectedNow - expectedAtReport
    let lostInterval = expectedInterval - (receivedNow - receivedAtReport)
    (expectedAtReport, receivedAtReport) = (expectedNow, receivedNow)
    var fraction: UInt8 = 0
    fractionLostOfLastInterval = 0
    if expectedInterval > 0, lostInterval > 0 {
      fraction = UInt8(clamping: (lostInterval << 8) / expectedInterval)
      fractionLostOfLastInterval = min(1, Double(lostInterval) / Double(expectedInterval))
    }
    let lostSinceStart = expectedSinceStart - receivedSinceStart
    return ReportBlock(
      ssrc: ssrc, fractionLost: fraction,
      cumulativeLost: Int32(max(-0x80_0000, min(0x7F_FFFF, lostSinceStart))),
      highestSequence: UInt32(truncatingIfNeeded: extendedHighest),
      jitter: scaledJitter >> 4, lastSR: lastReport?.middle ?? 0,
      delaySinceLastSR: lastReport.map { TimeInterval(nanoseconds: now.nanoseconds(since: $0.at)) }
        .map { $0.ticks(clockRate: 65_536) } ?? 0)
  }

  private var extendedHighest: Int64 { cycles + Int64(highest) }
  private var expectedSinceStart: Int64 { hasStarted ? extendedHighest - Int64(base) + 1 : 0 }

  /// Appendix A.1. False when the packet does not count.
  private mutating func update(_ sequence: UInt16) -> Bool {
    guard hasStarted else {
      start(at: sequence)
      return true
    }
    let delta = sequence &- highest
    if delta < Self.maximumDropout {
      if sequence < highest { cycles += 0x1_0000 }
      highest = sequence
    } else if delta <= 0 &- Self.maximumMisorder {
      guard UInt32(sequence) == confirmation else {
        confirmation = UInt32(sequence &+ 1)
        return false
      }
      expectedBefore += expectedSinceStart
      receivedBefore += receivedSinceStart
      start(at: sequence)
    }
    return true
  }

  private mutating func start(at sequence: UInt16) {
    hasStarted = true
    base = sequence
    highest = sequence
    cycles = 0
    confirmation = .max
    receivedSinceStart = 0
    lastTransit = nil
  }

  /// Appendix A.8, in integers.
  private mutating func updateJitter(_ timestamp: UInt32, clockRate: UInt32, at now: MonotonicInstant) {
    let transit = TimeInterval(nanoseconds: now.nanoseconds).ticks(clockRate: clockRate) &- timestamp
    defer { lastTransit = transit }
    guard let lastTransit else { return }
    let difference = Int32(bitPattern: transit &- lastTransit).magnitude
    // More than five seconds is a sender's new timestamp base, not the network.
    guard UInt64(difference) < UInt64(clockRate) * 5 else { return }
    scaledJitter = scaledJitter &+ difference &- (scaledJitter &+ 8) >> 4
  }
}
