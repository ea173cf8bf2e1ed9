package import WireBytes

/// The bitrate that a publisher is told to stay under (REMB), from the loss of its packets.
///
/// Starts at the maximum, so that browsers leave their start bitrate at once; falls by half the loss fraction when more
/// than 10 % is lost, and comes back by a twentieth of the maximum per second when less than 2 % is.
package struct REMBController: Sendable {
  private static let highLoss = 0.10
  private static let lowLoss = 0.02
  /// Between two decreases: the effect of one must show before the next.
  private static var holdTime: TimeInterval { .milliseconds(500) }
  /// Below this a camera picture is not worth sending; bits per second.
  private static let floor: UInt64 = 100_000

  private let maximum: UInt64
  private var lastReport: MonotonicInstant?
  private var lastDecrease: MonotonicInstant?

  /// Bits per second.
  package private(set) var bitrate: UInt64

  package init(maximum: UInt64) {
    self.maximum = maximum
    bitrate = maximum
  }

  /// Takes in the loss since the last report, 0...1.
  package mutating func report(fractionLost: Double, at now: MonotonicInstant) {
    let loss = min(max(fractionLost, 0), 1)
    let elapsed = lastReport.map { now.nanoseconds(since: $0) } ?? 0
    lastReport = now
    if loss > Self.highLoss {
      if let lastDecrease, now.nanoseconds(since: lastDecrease) < Self.holdTime.nanoseconds { return }
      lastDecrease = now
      let reduced = UInt64(Double(bitrate) * (1 - loss / 2))
      bitrate = min(max(reduced, Self.floor), maximum)
    } else if loss < Self.lowLoss {
      let step = Double(maximum) / 20 * min(Double(elapsed) / 1e9, 1)
      bitrate = min(maximum, bitrate + UInt64(step))
    }
  }
}
