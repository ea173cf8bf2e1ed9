import ClientEngine
import DatagramIO
import E2EKeys
import SRTP
import Signaling
import WireBytes

/// What a caller has seen of its call.
struct CallerRecord: Sendable {
  /// What came from one sender in one kind of media.
  struct Stream: Hashable, Sendable {
    let sender: Int
    let isAudio: Bool
  }

  struct Reception: Sendable {
    var frames = 0
    var lastOrdinal = -1
    /// Frames between the first and the last one that did not come.
    var missing = 0
    var disorder = 0
  }

  var received: [Stream: Reception] = [:]
  /// Frames that were opened and are none that a caller makes.
  var strangeFrames = 0
  var joins: [Joined] = []
  var errors: [SignalingError] = []
  var goodbyes: [Goodbye.Reason] = []
  var ended: EndReason?
  /// Members that left, in order.
  var departed: [MemberID] = []
  var notices: [Notice.Code] = []
  var keyTroubles: [KeyEvent] = []
  var closedConnections = 0
  var profile: SRTPProfile?
  /// Frames as they were before and after sealing, when `keepsFrames` is set.
  var plaintexts: [[UInt8]] = []
  var sealed: [[UInt8]] = []

  func frames(from sender: Int, audio: Bool) -> Int { received[Stream(sender: sender, isAudio: audio)]?.frames ?? 0 }
}

/// One caller on its queue: the participant that all clients share, and media made of `TestFrame`s.
final class CallerHost: DatagramHandler {
  private static let audioInterval = TimeInterval.milliseconds(20)
  private static let videoInterval = TimeInterval.milliseconds(100)

  let number: Int
  let participant: Participant
  private(set) var record = CallerRecord()
  var keepsFrames = false
  private let path: HopPath?
  private let signal: @Sendable (ClientMessage) -> Void
  private var nextAudio = MonotonicInstant.never
  private var nextVideo = MonotonicInstant.never
  private var audioCount = 0
  private var videoCount = 0
  private var keyFrameWanted = true
  private var isSending = false
  private var isSilent = false

  init(number: Int, participant: Participant, path: HopPath?, signal: @escaping @Sendable (ClientMessage) -> Void) {
    self.number = number
    self.participant = participant
    self.path = path
    self.signal = signal
  }

  var nextDeadline: MonotonicInstant { min(participant.nextDeadline, nextAudio, nextVideo) }

  func receive(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    participant.receive(slot, from: endpoint, at: now, into: batch)
  }

  func receive(_ message: RelayMessage, at now: MonotonicInstant, into batch: EgressBatch) {
    var message = message
    switch message {
    case .answer(let answer): if let path { message = .answer(path.lead(answer)) }
    case .error(let error): record.errors.append(error)
    case .goodbye(let goodbye): record.goodbyes.append(goodbye.reason)
    default: break
    }
    participant.receive(message, at: now, into: batch)
  }

  func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    if participant.nextDeadline <= now { participant.expire(at: now, into: batch) }
    while nextAudio <= now {
      sendSound(at: now, into: batch)
      nextAudio = nextAudio + Self.audioInterval
    }
    while nextVideo <= now {
      sendPicture(at: now, into: batch)
      nextVideo = nextVideo + Self.videoInterval
    }
  }

  func drained(at now: MonotonicInstant) {
    for event in participant.takeEvents() { note(event) }
    guard !isSending, !isSilent, participant.isMediaReady else { return }
    isSending = true
    nextAudio = now
    nextVideo = now
  }

  func connectionClosed(at now: MonotonicInstant) {
    record.closedConnections += 1
    participant.signalingLost(at: now)
  }

  /// Sends no media any more.
  func silence() {
    isSilent = true
    nextAudio = .never
    nextVideo = .never
  }

  private func sendSound(at now: MonotonicInstant, into batch: EgressBatch) {
    let frame = TestFrame(sender: number, ordinal: audioCount, isAudio: true).bytes
    guard let sealed = participant.sendAudio(frame, duration: 960, level: 40, at: now, into: batch) else { return }
    audioCount += 1
    keep(frame, sealed)
  }

  private func sendPicture(at now: MonotonicInstant, into batch: EgressBatch) {
    let frame = TestFrame(sender: number, ordinal: videoCount, isAudio: false).bytes
    let sealed = participant.sendVideo(
      frame, isKeyFrame: keyFrameWanted, timestamp90k: UInt32(truncatingIfNeeded: videoCount * 9_000), at: now,
      into: batch)
    guard let sealed else { return }
    videoCount += 1
    keyFrameWanted = false
    keep(frame, sealed)
  }

  private func keep(_ plaintext: [UInt8], _ sealed: SealedFrame) {
    guard keepsFrames else { return }
    record.plaintexts.append(plaintext)
    record.sealed.append(sealed.bytes)
  }

  private func note(_ event: ParticipantEvent) {
    switch event {
    case .signal(let message): signal(message)
    case .frame(let frame): note(frame)
    case .keyFrameRequested: keyFrameWanted = true
    case .mediaConnected(let profile): record.profile = profile
    case .joined(let joined): record.joins.append(joined)
    case .notice(let notice): record.notices.append(notice.code)
    case .ended(let reason): record.ended = reason
    case .key(.memberLeft(let member)): record.departed.append(member)
    case .key(let event): if Self.isTrouble(event) { record.keyTroubles.append(event) }
    default: break
    }
  }

  private func note(_ received: ReceivedFrame) {
    guard let frame = TestFrame(received.plaintext), frame.isAudio == (received.stream == .microphone) else {
      return record.strangeFrames += 1
    }
    let stream = CallerRecord.Stream(sender: frame.sender, isAudio: frame.isAudio)
    var reception = record.received[stream, default: CallerRecord.Reception()]
    if frame.ordinal <= reception.lastOrdinal { reception.disorder += 1 }
    if reception.frames > 0 { reception.missing += max(0, frame.ordinal - reception.lastOrdinal - 1) }
    reception.frames += 1
    reception.lastOrdinal = max(reception.lastOrdinal, frame.ordinal)
    record.received[stream] = reception
  }

  private static func isTrouble(_ event: KeyEvent) -> Bool {
    switch event {
    case .memberRejected, .logMismatch, .relayInconsistent, .rekeyFailed, .sendingBlocked: true
    default: false
    }
  }
}
