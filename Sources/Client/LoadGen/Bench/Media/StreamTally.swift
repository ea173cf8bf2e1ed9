import ClientEngine
import RTP
import WireBytes

/// What one leg has received of one stream, for its receiver reports.
struct StreamTally {
  let ssrc: SSRC
  private var sequences = SequenceUnwrapper()
  private var reception: StreamReception
  private(set) var isActive = false

  init(ssrc: SSRC, clockRate: UInt32) {
    self.ssrc = ssrc
    reception = StreamReception(clockRate: clockRate)
  }

  mutating func received(sequence: UInt16, timestamp: UInt32, at now: MonotonicInstant) {
    isActive = true
    reception.received(sequence: sequences.extend(sequence), timestamp: timestamp, at: now)
  }

  /// The block for the time since the last one, as of a receiver whose round trip is `roundTrip`: servers keep packets
  /// for retransmission only for subscribers that report one, and on loopback a true one rounds to nothing.
  mutating func reportBlock(at now: MonotonicInstant, clock: WallClock, roundTrip: TimeInterval) -> ReportBlock {
    isActive = false
    var block = reception.reportBlock(ssrc: ssrc, at: now)
    block.lastSR = UInt32(truncatingIfNeeded: clock.ntp(at: now - roundTrip) >> 16)
    block.delaySinceLastSR = 0
    return block
  }
}

/// What a leg has sent and received since it was made.
struct LegTally: Sendable {
  var packetsSent: UInt64 = 0
  var bytesSent: UInt64 = 0
  /// Media packets, without retransmissions.
  var packetsReceived: UInt64 = 0
  /// Of those, with SRTP tags and without IP and UDP headers.
  var bytesReceived: UInt64 = 0
  var retransmissionsReceived: UInt64 = 0
  /// Packets that were opened, and found to carry what was sent.
  var opened: UInt64 = 0
  /// Packets that did not open, or carried something else.
  var bad: UInt64 = 0
  var sendDrops: UInt64 = 0

  static func + (a: Self, b: Self) -> Self { combine(a, b, &+) }
  static func - (a: Self, b: Self) -> Self { combine(a, b, &-) }

  private static func combine(_ a: Self, _ b: Self, _ operation: (UInt64, UInt64) -> UInt64) -> Self {
    var result = Self()
    for field: WritableKeyPath<Self, UInt64> in [
      \.packetsSent, \.bytesSent, \.packetsReceived, \.bytesReceived, \.retransmissionsReceived, \.opened, \.bad,
      \.sendDrops,
    ] { result[keyPath: field] = operation(a[keyPath: field], b[keyPath: field]) }
    return result
  }
}
