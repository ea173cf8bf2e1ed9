package import RTP
package import WireBytes

/// Reception statistics of one stream, as its receiver reports them (RFC 3550 sections 6.4.1, A.3 and A.8).
package struct StreamReception: Sendable {
  private let clockRate: UInt32
  private var base: Int64 = 0
  private var highest: Int64 = 0
  private var lastTransit: Double?
  private var expectedBefore: Int64 = 0
  private var receivedBefore: Int64 = 0
  private var lastSenderReport: (middle: UInt32, at: MonotonicInstant)?

  package private(set) var received: Int64 = 0
  /// Interarrival jitter in units of the RTP clock.
  package private(set) var jitter: Double = 0

  package init(clockRate: UInt32) { self.clockRate = clockRate }

  /// `sequence` is extended as `SequenceUnwrapper` does it.
  package mutating func received(sequence: Int64, timestamp: UInt32, at now: MonotonicInstant) {
    if received == 0 {
      base = sequence
      highest = sequence
    }
    received += 1
    base = min(base, sequence)
    let isNewest = sequence >= highest
    highest = max(highest, sequence)
    // Retransmitted and late packets say nothing about the path's jitter.
    guard isNewest else { return }
    let arrival = Double(now.nanoseconds) * Double(clockRate) / 1e9
    let transit = arrival.truncatingRemainder(dividingBy: 4_294_967_296) - Double(timestamp)
    if let lastTransit {
      var difference = abs(transit - lastTransit)
      if difference > 2_147_483_648 { difference = abs(4_294_967_296 - difference) }
      jitter += (difference - jitter) / 16
    }
    lastTransit = transit
  }

  package mutating func senderReport(ntp: UInt64, at now: MonotonicInstant) {
    lastSenderReport = (UInt32(truncatingIfNeeded: ntp >> 16), now)
  }

  package var expected: Int64 { received == 0 ? 0 : highest - base + 1 }
  /// Negative when duplicates came.
  package var lost: Int64 { expected - received }
  package var jitterSeconds: Double { jitter / Double(clockRate) }

  /// The report block since the last one.
  package mutating func reportBlock(ssrc: SSRC, at now: MonotonicInstant) -> ReportBlock {
    let expectedNow = expected - expectedBefore
    let lostNow = expectedNow - (received - receivedBefore)
    expectedBefore = expected
    receivedBefore = received
    let fraction = expectedNow > 0 && lostNow > 0 ? UInt8(clamping: lostNow * 256 / expectedNow) : 0
    var delay: UInt32 = 0
    if let lastSenderReport {
      // In units of 1/65536 seconds.
      let elapsed = Double(now.nanoseconds(since: lastSenderReport.at)) / 1e9
      delay = UInt32(clamping: Int64(elapsed * 65_536))
    }
    return ReportBlock(
      ssrc: ssrc, fractionLost: fraction,
      cumulativeLost: Int32(min(max(lost, -0x80_0000), 0x7F_FFFF)),
      highestSequence: UInt32(truncatingIfNeeded: highest - 0x1_0000), jitter: UInt32(clamping: Int64(jitter)),
      lastSR: lastSenderReport?.middle ?? 0, delaySinceLastSR: delay)
  }
}
