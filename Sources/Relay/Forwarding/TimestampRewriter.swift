package import WireBytes

/// Makes one steady RTP clock out of the sources that a leg carries one after the other.
package struct TimestampRewriter: Sendable {
  private var offset: UInt32 = 0
  /// The newest timestamp given out.
  private var newest: UInt32 = 0
  private var hasSource = false
  private let first: UInt32

  /// `first` is the timestamp of the leg's first packet.
  package init(first: UInt32) { self.first = first }

  package mutating func rewrite(_ timestamp: UInt32) -> UInt32 {
    if !hasSource { switchSource(firstTimestamp: timestamp, elapsed: .zero, clockRate: 0) }
    let out = timestamp &+ offset
    if SerialNumber.isNewer(out, than: newest) { newest = out }
    return out
  }

  /// From now on timestamps are those of another source. Its first packet comes `elapsed` after the last one sent, and
  /// at least one unit later, since two frames must not share a timestamp.
  package mutating func switchSource(firstTimestamp: UInt32, elapsed: TimeInterval, clockRate: UInt32) {
    if hasSource {
      newest &+= max(1, elapsed.ticks(clockRate: clockRate))
    } else {
      newest = first
      hasSource = true
    }
    offset = newest &- firstTimestamp
  }
}
