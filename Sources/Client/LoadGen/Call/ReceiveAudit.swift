import ClientEngine
import E2EKeys
import WireBytes

/// What one participant received of one stream of one sender, checked frame by frame against what was sent.
struct StreamAudit {
  private(set) var firstOrdinal: Int?
  private(set) var highestOrdinal = -1
  private(set) var received = 0
  private(set) var mismatches: UInt64 = 0
  private(set) var outOfOrder: UInt64 = 0
  private(set) var unknown: UInt64 = 0
  private(set) var latency = Samples()

  mutating func add(_ frame: ReceivedFrame, sent: SentFrames.Record?) {
    guard let sent else {
      unknown += 1
      return
    }
    received += 1
    if firstOrdinal == nil { firstOrdinal = sent.ordinal }
    if sent.ordinal <= highestOrdinal { outOfOrder += 1 }
    highestOrdinal = max(highestOrdinal, sent.ordinal)
    if sent.digest != SentFrames.digest(frame.plaintext) { mismatches += 1 }
    latency.add(Double(frame.receivedAt.nanoseconds(since: sent.sealedAt)) / 1_000)
  }

  /// Frames between the first one received and `sentCount` that did not come.
  func missing(of sentCount: Int) -> Int {
    guard let firstOrdinal else { return 0 }
    return max(0, max(sentCount, highestOrdinal + 1) - firstOrdinal - received)
  }
}

/// What one participant received of everyone.
struct ReceiveAudit {
  struct Key: Hashable {
    let member: MemberID
    let stream: MediaStream
  }

  private(set) var streams: [Key: StreamAudit] = [:]
  private(set) var firstFrameAt: MonotonicInstant?

  mutating func add(_ frame: ReceivedFrame, sent: SentFrames.Record?) {
    if firstFrameAt == nil { firstFrameAt = frame.receivedAt }
    streams[Key(member: frame.member, stream: frame.stream), default: StreamAudit()].add(frame, sent: sent)
  }
}
