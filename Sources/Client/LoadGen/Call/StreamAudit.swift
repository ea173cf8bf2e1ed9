package import WireBytes

/// What one participant received of one stream of one sender, checked frame by frame against what was sent.
package struct StreamAudit: Sendable {
  package private(set) var firstOrdinal: Int?
  package private(set) var highestOrdinal = -1
  /// Different frames that were sent; what comes again counts as a duplicate.
  package private(set) var received = 0
  package private(set) var duplicates: UInt64 = 0
  package private(set) var outOfOrder: UInt64 = 0
  /// Frames with other bytes than were sent, and frames that nobody sent.
  package private(set) var mismatches: UInt64 = 0
  package private(set) var latency = Samples()
  /// Bit n: the frame n before the highest has come.
  private var recent: UInt64 = 0

  package init() {}

  /// `digest` is that of the decrypted frame; `sent` is what the sender noted when it sealed this frame, nil if there is
  /// no such note.
  package mutating func add(digest: UInt64, receivedAt: MonotonicInstant, sent: SentFrames.Record?) {
    guard let sent else {
      mismatches += 1
      return
    }
    guard place(sent.ordinal) else {
      duplicates += 1
      return
    }
    received += 1
    firstOrdinal = min(firstOrdinal ?? sent.ordinal, sent.ordinal)
    if sent.digest != digest { mismatches += 1 }
    latency.add(Double(receivedAt.nanoseconds(since: sent.sealedAt)) / 1_000)
  }

  /// Notes that a frame came; false if it has come before.
  private mutating func place(_ ordinal: Int) -> Bool {
    if ordinal > highestOrdinal {
      recent = recent << UInt64(ordinal - highestOrdinal) | 1
      highestOrdinal = ordinal
      return true
    }
    // Beyond 63 frames the shift gives no bit, and the frame counts as new.
    let bit: UInt64 = 1 << UInt64(highestOrdinal - ordinal)
    guard recent & bit == 0 else { return false }
    recent |= bit
    outOfOrder += 1
    return true
  }

  /// Frames that did not come, when those from ordinal `begin` up to but not including `end` are due. Earlier ones are
  /// due as well from the first that came, later ones up to the last that came.
  package func missing(from begin: Int, to end: Int) -> Int {
    max(0, max(end, highestOrdinal + 1) - min(begin, firstOrdinal ?? begin) - received)
  }
}
