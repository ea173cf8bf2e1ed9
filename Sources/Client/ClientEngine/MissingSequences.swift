package import WireBytes

/// Which packets of a received stream are missing, and when to ask for them (RFC 4585 section 6.2.1).
package struct MissingSequences: Sendable {
  private struct Entry {
    let sequence: Int64
    let since: MonotonicInstant
    var nextRequest: MonotonicInstant
    var requests = 0
  }

  /// A packet that is only late by reordering comes within this time. Longer delays every repair.
  private static let reorderWait = TimeInterval.milliseconds(10)
  /// Asking again before a round trip is over gets the packet twice.
  private static let minimumRetry = TimeInterval.milliseconds(40)
  private static let maximumRequests = 10
  private static let maximumAge = TimeInterval.milliseconds(500)
  /// A larger hole is no loss but a pause; NACKs for it would only add to the congestion behind it.
  private static let maximumMissing = 128

  private var entries: [Entry] = []
  private var highest: Int64?

  package init() {}

  package var count: Int { entries.count }

  /// Takes note of a packet, however it came.
  package mutating func received(_ sequence: Int64, at now: MonotonicInstant) {
    guard let highest else {
      self.highest = sequence
      return
    }
    guard sequence > highest else {
      entries.removeAll { $0.sequence == sequence }
      return
    }
    self.highest = sequence
    guard sequence > highest + 1 else { return }
    guard sequence - highest - 1 + Int64(entries.count) <= Int64(Self.maximumMissing) else {
      entries.removeAll()
      return
    }
    for missing in (highest + 1)..<sequence {
      entries.append(Entry(sequence: missing, since: now, nextRequest: now + Self.reorderWait))
    }
  }

  /// The packets to ask for now; each again after `roundTrip`, until it came or is too old to be of use.
  package mutating func due(at now: MonotonicInstant, roundTrip: TimeInterval) -> [UInt16] {
    guard nextDeadline <= now else { return [] }
    var due: [UInt16] = []
    entries.removeAll { now >= $0.since + Self.maximumAge || $0.requests >= Self.maximumRequests }
    for index in entries.indices where entries[index].nextRequest <= now {
      due.append(UInt16(truncatingIfNeeded: entries[index].sequence))
      entries[index].requests += 1
      entries[index].nextRequest = now + max(roundTrip, Self.minimumRetry)
    }
    return due
  }

  package var nextDeadline: MonotonicInstant { entries.reduce(.never) { min($0, $1.nextRequest) } }

  /// Nobody waits any more for packets before `sequence`.
  package mutating func forget(before sequence: Int64) { entries.removeAll { $0.sequence < sequence } }

  package mutating func forgetAll() { entries.removeAll() }
}
