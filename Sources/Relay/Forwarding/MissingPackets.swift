package import WireBytes

/// Finds the packets of one incoming stream that did not arrive, and says when to ask for them again (RFC 4585
/// section 6.2.1).
package struct MissingPackets: Sendable {
  /// How long a hole waits before the first request. Shorter asks for packets that are only out of order.
  private static var reorderWait: TimeInterval { .milliseconds(10) }
  /// Between requests for one packet at least, also when the round trip is shorter: the answer may sit in a pacer.
  private static var minimumRetry: TimeInterval { .milliseconds(40) }
  private static let maximumTries: UInt8 = 10
  /// Older than this a packet would come too late to be played.
  private static var maximumAge: TimeInterval { .milliseconds(500) }
  private static let capacity = 128

  private struct Hole {
    var sequence: UInt16 = 0
    var tries: UInt8 = 0
    var since = MonotonicInstant(nanoseconds: 0)
    var due = MonotonicInstant(nanoseconds: 0)
  }

  /// In the order of their sequence numbers. The memory, 3 KiB, is taken at the first loss: many streams have none.
  private var holes: [Hole] = []
  private var highest: UInt16?

  /// Round trip time to the sender, if known; requests are not repeated faster.
  package var roundTripTime = TimeInterval.zero
  /// Set when packets were given up: the decoders need a key frame instead. Whoever asks for one resets it.
  package var needsKeyFrame = false
  /// When `due` may have something: never later than that, sometimes earlier.
  package private(set) var nextDeadline = MonotonicInstant.never

  package init() {}

  /// Packets that are missing and not given up.
  package var pending: Int { holes.count }

  /// Takes in the number of a packet that arrived, by whatever way.
  package mutating func received(_ sequence: UInt16, at now: MonotonicInstant) {
    guard let highest else {
      self.highest = sequence
      return
    }
    guard SerialNumber.isNewer(sequence, than: highest) else { return fill(sequence) }
    self.highest = sequence
    let gap = Int(sequence &- highest) - 1
    guard gap > 0 else { return }
    guard holes.count + gap <= Self.capacity else { return giveUp(at: now) }
    let due = now + Self.reorderWait
    for step in 1...gap {
      if holes.capacity == 0 { holes.reserveCapacity(Self.capacity) }
      holes.append(Hole(sequence: highest &+ UInt16(step), tries: 0, since: now, due: due))
    }
    nextDeadline = min(nextDeadline, due)
  }

  /// The packets to ask for now. Gives up those that were asked for too often or are too old.
  package mutating func due(at now: MonotonicInstant) -> [UInt16] {
    guard nextDeadline <= now else { return [] }
    let retry = max(roundTripTime, Self.minimumRetry)
    var asked: [UInt16] = []
    var kept = 0
    nextDeadline = .never
    for index in holes.indices {
      var hole = holes[index]
      if hole.due <= now {
        guard hole.tries < Self.maximumTries, now.nanoseconds(since: hole.since) <= Self.maximumAge.nanoseconds else {
          needsKeyFrame = true
          continue
        }
        asked.append(hole.sequence)
        hole.tries += 1
        hole.due = now + retry
      }
      nextDeadline = min(nextDeadline, hole.due)
      holes[kept] = hole
      kept += 1
    }
    holes.removeLast(holes.count - kept)
    return asked
  }

  private mutating func fill(_ sequence: UInt16) {
    guard let found = holes.firstIndex(where: { $0.sequence == sequence }) else { return }
    holes.remove(at: found)
    if holes.isEmpty { nextDeadline = .never }
  }

  /// So much is lost that a key frame is cheaper and quicker than the packets.
  private mutating func giveUp(at now: MonotonicInstant) {
    holes.removeAll(keepingCapacity: true)
    // So that whoever waits for the deadline sees at once that a key frame is needed.
    nextDeadline = now
    needsKeyFrame = true
  }
}
