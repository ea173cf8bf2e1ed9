import ClientEngine
import DatagramIO
import E2EKeys
import Signaling
import WireBytes

/// One participant on its queue: the sans-IO engine, its media clock, and the audit of what it receives.
final class ParticipantHost: DatagramHandler {
  /// What the host tells the world outside its queue.
  struct Outputs: Sendable {
    var signal: @Sendable (ClientMessage) -> Void
    var sealed: @Sendable (SealedFrame) -> Void
    var failed: @Sendable (String) -> Void
  }

  static let audioInterval = TimeInterval.milliseconds(20)

  let number: Int
  let participant: Participant
  private let outputs: Outputs
  private let ledger: RoomLedger
  private let sent: SentFrames
  private let floor: TalkFloor
  private let seat: Int
  private let recorder: CallRecorder?
  private var audio: SpeechSource?
  private var video: VideoSource?
  private let videoInterval: TimeInterval
  private let videoStart: UInt32

  private var nextAudio = MonotonicInstant.never
  private var nextVideo = MonotonicInstant.never
  private var videoCount: UInt64 = 0
  private(set) var audit = ReceiveAudit()
  private(set) var startedAt: MonotonicInstant
  private(set) var isSending = false
  /// Why the call ended for this participant, if it did.
  private(set) var endedBecause: String?
  private var sendingFrom: MonotonicInstant?
  private var leftAt: MonotonicInstant?
  /// What a departed member tries to open afterwards is not part of the call.
  private var keysAtLeave: KeyMetrics?
  private var hasEnded = false

  init(
    number: Int, participant: Participant, media: ParticipantMedia, room: CallRoom, recorder: CallRecorder?,
    outputs: Outputs, at now: MonotonicInstant
  ) {
    self.number = number
    self.participant = participant
    self.outputs = outputs
    ledger = room.ledger
    sent = room.sent
    floor = room.floor
    seat = room.floor.take(number)
    self.recorder = recorder
    audio = media.audio
    video = media.video
    videoInterval = media.videoInterval
    videoStart = UInt32(truncatingIfNeeded: number) &* 90_000
    startedAt = now
  }

  var nextDeadline: MonotonicInstant { min(participant.nextDeadline, nextAudio, nextVideo, audit.nextDeadline) }

  func receive(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    participant.receive(slot, from: endpoint, at: now, into: batch)
  }

  func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    if participant.nextDeadline <= now { participant.expire(at: now, into: batch) }
    if audit.nextDeadline <= now { audit.compare(with: sent) }
    sendMedia(at: now, into: batch)
  }

  func receive(_ message: RelayMessage, at now: MonotonicInstant, into batch: EgressBatch) {
    switch message {
    case .rekey(let rekey) where rekey.phase == .prepare: ledger.prepared(rekey, at: now)
    case .joined: ledger.joined(number, at: now)
    // A member left while a message to it was on its way; a key that went missing shows elsewhere.
    case .error(let error) where error.code == .notFound && error.about == "sealed": break
    case .error(let error): outputs.failed("participant \(number): the relay said: \(error.message)")
    default: break
    }
    participant.receive(message, at: now, into: batch)
  }

  func drained(at now: MonotonicInstant) {
    for event in participant.takeEvents() { handle(event, at: now) }
    startSendingWhenReady(at: now)
  }

  /// The moment from which a join is timed.
  func begin(at now: MonotonicInstant) { startedAt = now }

  func signalingClosed(at now: MonotonicInstant) {
    guard !hasEnded else { return }
    outputs.failed("participant \(number): the relay closed the signalling connection")
    participant.signalingLost(at: now)
  }

  /// Leaves the call but keeps its keys. Returns the last epoch whose keys it had.
  func leave(at now: MonotonicInstant, into batch: EgressBatch) -> UInt32 {
    stopSending()
    leftAt = now
    keysAtLeave = participant.keyMetrics
    let lastEpoch = participant.lastKnownEpoch ?? 0
    ledger.left(number, at: now, lastEpoch: lastEpoch)
    floor.leave(number)
    participant.leave(at: now, into: batch)
    return lastEpoch
  }

  func close(at now: MonotonicInstant, into batch: EgressBatch) {
    stopSending()
    if leftAt == nil { participant.leave(at: now, into: batch) }
    participant.close()
  }

  func account(room: Int) -> CallBooks.Account {
    audit.compare(with: sent)
    return CallBooks.Account(
      number: number, room: room, member: participant.member, startedAt: startedAt, sendingFrom: sendingFrom,
      leftAt: leftAt, audit: audit, decryptFailures: participant.statistics.decryptFailures,
      keys: keysAtLeave ?? participant.keyMetrics)
  }

  /// Stops the media clock; frames already sent are still on their way.
  func stopSending() {
    nextAudio = .never
    nextVideo = .never
    isSending = false
    hasEnded = true
  }

  private func startSendingWhenReady(at now: MonotonicInstant) {
    guard !isSending, !hasEnded, participant.isMediaReady else { return }
    isSending = true
    sendingFrom = now
    // Participants are spread over the frame interval, as independent clocks would be.
    let phase = UInt64(number % 16)
    if audio != nil { nextAudio = now + TimeInterval(nanoseconds: Self.audioInterval.nanoseconds * phase / 16) }
    if video != nil { nextVideo = now + TimeInterval(nanoseconds: videoInterval.nanoseconds * phase / 16) }
  }

  private func sendMedia(at now: MonotonicInstant, into batch: EgressBatch) {
    while nextAudio <= now, let step = audio?.next(isTalking: floor.isTalking(seat, at: nextAudio)) {
      let sealed = participant.sendAudio(
        step.packet, duration: UInt32(960 * step.intervals), level: step.level, at: now, into: batch)
      note(sealed, step.packet, at: now)
      nextAudio = nextAudio + Self.audioInterval * UInt64(step.intervals)
    }
    while nextVideo <= now, video != nil {
      guard let frame = video?.next() else { return }
      let timestamp = videoStart &+ UInt32(truncatingIfNeeded: videoCount * videoInterval.nanoseconds * 9 / 100_000)
      videoCount += 1
      note(
        participant.sendVideo(
          frame.bytes, isKeyFrame: frame.isKeyFrame, timestamp90k: timestamp, at: now, into: batch), frame.bytes,
        at: now)
      nextVideo = nextVideo + videoInterval
    }
  }

  private func note(_ sealed: SealedFrame?, _ plaintext: [UInt8], at now: MonotonicInstant) {
    guard let sealed else { return }
    sent.record(
      SentFrames.Key(
        member: participant.member, stream: sealed.stream, epoch: sealed.epoch, counter: sealed.counter),
      plaintext: plaintext, at: now)
    ledger.sealed(by: number, epoch: sealed.epoch, at: now)
    outputs.sealed(sealed)
  }

  private func handle(_ event: ParticipantEvent, at now: MonotonicInstant) {
    switch event {
    case .signal(let message): outputs.signal(message)
    case .frame(let frame):
      audit.note(frame, at: now)
      recorder?.add(frame)
    case .keyFrameRequested: video?.requestKeyFrame()
    case .key(.epochActive(let epoch, _, _, _, _)): ledger.activated(epoch, by: number, at: now)
    case .key(.fallback(_, let suite)): ledger.fellBack(to: suite)
    case .key(.suiteChosen(_, let suite)): ledger.chose(suite)
    case .key(.memberRejected(_, .noCommonSuite(let offers))):
      outputs.failed("participant \(number): a member was rejected, no common suite: \(offers)")
    case .key(.memberRejected(_, let reason)):
      outputs.failed("participant \(number): a member was rejected: \(reason.label)")
    case .key(.rekeyFailed(let epoch, let reason)):
      outputs.failed("participant \(number): the change to epoch \(epoch) failed: \(reason)")
    case .ended(let reason):
      guard !hasEnded else { return }
      endedBecause = reason.description
      outputs.failed("participant \(number): the call ended: \(reason)")
    default: break
    }
  }
}
