package import RTP
package import WireBytes

/// What a sender must know of one RTP stream to report on it (RFC 3550 section 6.4.1).
package struct SendStatistics: Sendable {
  /// A reference older than this is replaced whatever the timestamps say: the stream has paused.
  private static var maximumReferenceAge: TimeInterval { .seconds(1) }

  /// Both as RFC 3550 counts them: without headers, padding and retransmissions.
  package private(set) var packets: UInt64 = 0
  package private(set) var octets: UInt64 = 0
  /// The newest timestamp, and when its first packet was sent.
  private var reference: (timestamp: UInt32, at: MonotonicInstant)?

  package init() {}

  package mutating func sent(payloadBytes: Int, timestamp: UInt32, at now: MonotonicInstant) {
    packets &+= 1
    octets &+= UInt64(max(0, payloadBytes))
    if let reference, !SerialNumber.isNewer(timestamp, than: reference.timestamp),
      now.nanoseconds(since: reference.at) <= Self.maximumReferenceAge.nanoseconds
    {
      return
    }
    reference = (timestamp, now)
  }

  /// The sender information of this moment: the RTP timestamp is that of a frame captured now. Nil before the first
  /// packet.
  package func senderInfo(clock: WallClock, clockRate: UInt32, at now: MonotonicInstant) -> SenderInfo? {
    guard let reference else { return nil }
    let elapsed = TimeInterval(nanoseconds: now.nanoseconds(since: reference.at))
    return SenderInfo(
      ntp: clock.ntp(at: now), rtpTimestamp: reference.timestamp &+ elapsed.ticks(clockRate: clockRate),
      packets: UInt32(truncatingIfNeeded: packets), octets: UInt32(truncatingIfNeeded: octets))
  }
}
