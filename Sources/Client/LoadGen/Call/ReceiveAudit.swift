import ClientEngine
import E2EKeys
import WireBytes

/// What one participant received of everyone.
///
/// Frames are noted as they come and compared with what was sent some time later, many at once: the senders' notes are
/// shared by all participants of a room, and a lock for every frame would be the most expensive part of a large call.
struct ReceiveAudit {
  struct Key: Hashable {
    let member: MemberID
    let stream: MediaStream
  }

  private struct Arrival {
    let digest: UInt64
    let receivedAt: MonotonicInstant
  }

  private static let interval = TimeInterval.milliseconds(250)

  private(set) var streams: [Key: StreamAudit] = [:]
  private(set) var firstFrameAt: MonotonicInstant?
  private var keys: [SentFrames.Key] = []
  private var arrivals: [Arrival] = []
  /// When the noted frames are due for comparison.
  private(set) var nextDeadline = MonotonicInstant.never

  mutating func note(_ frame: ReceivedFrame, at now: MonotonicInstant) {
    if firstFrameAt == nil { firstFrameAt = frame.receivedAt }
    keys.append(
      SentFrames.Key(member: frame.member, stream: frame.stream, epoch: frame.epoch, counter: frame.counter))
    arrivals.append(Arrival(digest: SentFrames.digest(frame.plaintext), receivedAt: frame.receivedAt))
    if nextDeadline == .never { nextDeadline = now + Self.interval }
  }

  mutating func compare(with sent: SentFrames) {
    for (index, record) in sent.find(keys).enumerated() {
      streams[Key(member: keys[index].member, stream: keys[index].stream), default: StreamAudit()]
        .add(digest: arrivals[index].digest, receivedAt: arrivals[index].receivedAt, sent: record)
    }
    keys.removeAll(keepingCapacity: true)
    arrivals.removeAll(keepingCapacity: true)
    nextDeadline = .never
  }
}
