import ClientEngine
import E2EKeys
import WireBytes

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
    streams[Key(member: frame.member, stream: frame.stream), default: StreamAudit()]
      .add(frame.plaintext, receivedAt: frame.receivedAt, sent: sent)
  }
}
