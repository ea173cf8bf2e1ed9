package import ClientEngine
import DTLS
package import E2EKeys
package import RelayEngine
package import SRTP
package import Signaling
import TestKit
package import WireBytes

/// A frame that a member sealed.
package struct SentRecord {
  /// Position in the member's stream, from 0.
  package let ordinal: Int
  package let plaintext: [UInt8]
  package let isKeyFrame: Bool
  package let sealed: SealedFrame
  package let at: MonotonicInstant
}

/// One participant of a virtual call: the client under test, its media source, and what it received.
package final class VirtualMember {
  package struct StreamKey: Hashable {
    package let member: MemberID
    package let stream: MediaStream
  }

  package struct FrameKey: Hashable {
    package let member: MemberID
    package let stream: MediaStream
    package let epoch: UInt32
    package let counter: UInt64
  }

  package struct Arrival {
    package let ordinal: Int
    package let epoch: UInt32
    package let at: MonotonicInstant
    /// The slot it came in.
    package let mid: String
  }

  /// What the member's media source makes.
  package struct Media {
    package var sendsAudio = true
    package var sendsVideo = true
    package var audioInterval = TimeInterval.milliseconds(20)
    package var videoInterval = TimeInterval.milliseconds(40)
    package var audioSize = 80
    package var deltaSize = 2_500
    package var keySize = 6_000
  }

  package let number: Int
  package let participant: Participant
  package let slab = PacketSlab(capacity: 512)
  package let batch = EgressBatch(capacity: 512)
  package var endpoint: Endpoint
  package var connection: ConnectionID?
  package var media = Media()
  package var isSending = false
  package var nextAudio = MonotonicInstant.never
  package var nextVideo = MonotonicInstant.never
  private var random: SeededRandom
  private var wantsKeyFrame = true

  package private(set) var sent: [MediaStream: [SentRecord]] = [:]
  package private(set) var received: [StreamKey: [Arrival]] = [:]
  package private(set) var keyEvents: [KeyEvent] = []
  package private(set) var epochs: [(epoch: UInt32, cause: RekeyCause, at: MonotonicInstant)] = []
  package private(set) var notices: [Notice] = []
  package private(set) var refusals: [SignalingError] = []
  package private(set) var slots: [String: SlotAssignments.Slot] = [:]
  package private(set) var speakers: [MemberID] = []
  package private(set) var ended: EndReason?
  package private(set) var profile: SRTPProfile?
  package private(set) var keyFrameRequests = 0
  /// Frames opened that no member of the call sent, or not so.
  package private(set) var strangeFrames: [ReceivedFrame] = []
  /// Frames received whose content is not what was sent, or that nobody sent.
  package private(set) var mismatches = 0
  package private(set) var outOfOrder = 0
  package var tap: HopTap?

  package init(
    number: Int, invite: InviteSecret, identity: MemberIdentity, seed: UInt64, at now: MonotonicInstant,
    _ adjust: (inout ParticipantConfiguration) -> Void
  ) throws {
    self.number = number
    random = SeededRandom(seed: seed &* 1_000 &+ UInt64(number))
    endpoint = Endpoint(ipv4: 0x0A00_0100 + UInt32(number), port: UInt16(10_000 + number))
    var configuration = ParticipantConfiguration(invite: invite)
    adjust(&configuration)
    media.sendsAudio = configuration.publishAudio
    media.sendsVideo = configuration.publishVideo
    participant = try Participant(
      configuration, identity: identity, dtls: DTLSIdentity(), slab: slab,
      clock: WallClock(anchor: now, unixNanoseconds: 1_760_000_000_000_000_000), random: random.source, at: now)
  }

  package var id: MemberID { participant.member }

  package var nextDeadline: MonotonicInstant { min(participant.nextDeadline, nextAudio, nextVideo) }

  package func arrivals(from sender: VirtualMember, _ stream: MediaStream) -> [Arrival] {
    received[StreamKey(member: sender.id, stream: stream)] ?? []
  }

  package func stopSending() {
    isSending = false
    (nextAudio, nextVideo) = (.never, .never)
  }

  package func startSending(at now: MonotonicInstant) {
    isSending = true
    // Spread as independent clocks would be.
    let phase = UInt64(number % 8)
    if media.sendsAudio { nextAudio = now + TimeInterval(nanoseconds: media.audioInterval.nanoseconds * phase / 8) }
    if media.sendsVideo { nextVideo = now + TimeInterval(nanoseconds: media.videoInterval.nanoseconds * phase / 8) }
  }

  /// Sends the frames whose time has come. Returns what was sealed.
  package func sendDue(at now: MonotonicInstant) -> [SealedFrame] {
    var sealed: [SealedFrame] = []
    while nextAudio <= now {
      let frame = random.bytes(media.audioSize)
      let level = UInt8(20 + number % 40)
      if let out = participant.sendAudio(frame, duration: 960, level: level, at: now, into: batch) {
        record(out, frame, isKeyFrame: false, at: now)
        sealed.append(out)
      }
      nextAudio = nextAudio + media.audioInterval
    }
    while nextVideo <= now {
      let isKeyFrame = wantsKeyFrame
      let frame = random.bytes(isKeyFrame ? media.keySize : media.deltaSize)
      let timestamp = UInt32(truncatingIfNeeded: now.nanoseconds / 1_000 * 9 / 100)
      if let out = participant.sendVideo(
        frame, isKeyFrame: isKeyFrame, timestamp90k: timestamp, at: now, into: batch)
      {
        wantsKeyFrame = false
        record(out, frame, isKeyFrame: isKeyFrame, at: now)
        sealed.append(out)
      }
      nextVideo = nextVideo + media.videoInterval
    }
    return sealed
  }

  private func record(_ sealed: SealedFrame, _ plaintext: [UInt8], isKeyFrame: Bool, at now: MonotonicInstant) {
    let ordinal = sent[sealed.stream]?.count ?? 0
    sent[sealed.stream, default: []].append(
      SentRecord(ordinal: ordinal, plaintext: plaintext, isKeyFrame: isKeyFrame, sealed: sealed, at: now))
  }

  /// Takes an event that is no signal.
  package func note(_ event: ParticipantEvent, at now: MonotonicInstant, find: (FrameKey) -> SentRecord?) {
    switch event {
    case .frame(let frame): note(frame, at: now, find: find)
    case .keyFrameRequested:
      keyFrameRequests += 1
      wantsKeyFrame = true
    case .key(let event):
      keyEvents.append(event)
      if case .epochActive(let epoch, let cause, _, _, _) = event { epochs.append((epoch, cause, now)) }
    case .notice(let notice): notices.append(notice)
    case .refused(let error): refusals.append(error)
    case .slots(let assignments): for slot in assignments.slots { slots[slot.mid] = slot }
    case .speakers(let members): speakers = members
    case .ended(let reason): ended = reason
    case .mediaConnected(let profile): self.profile = profile
    default: return
    }
  }

  private func note(_ frame: ReceivedFrame, at now: MonotonicInstant, find: (FrameKey) -> SentRecord?) {
    let key = FrameKey(member: frame.member, stream: frame.stream, epoch: frame.epoch, counter: frame.counter)
    guard let record = find(key), record.plaintext == frame.plaintext,
      frame.stream.source.kind == .audio || frame.isKeyFrame == record.isKeyFrame
    else {
      strangeFrames.append(frame)
      return mismatches += 1
    }
    let stream = StreamKey(member: frame.member, stream: frame.stream)
    if let last = received[stream]?.last, last.ordinal >= record.ordinal { outOfOrder += 1 }
    received[stream, default: []].append(Arrival(ordinal: record.ordinal, epoch: frame.epoch, at: now, mid: frame.mid))
  }
}
