import ClientEngine
import DatagramIO
import E2EKeys
import Signaling
import WireBytes

/// One bot on its queue: the sans-IO engine and its media clock.
final class BotHost: DatagramHandler {
  /// What the host tells the world outside its queue.
  struct Outputs: Sendable {
    var signal: @Sendable (ClientMessage) -> Void
    var news: @Sendable (BotNews) -> Void
  }

  private static let audioInterval = TimeInterval.milliseconds(20)
  private static let videoInterval = TimeInterval(nanoseconds: 1_000_000_000 / UInt64(TestPicture.frameRate))
  private static let videoStep = 90_000 / TestPicture.frameRate
  /// Sound that is later than this is left out: the machine was asleep.
  private static let patience = TimeInterval.seconds(1)

  let participant: Participant
  private var media: BotMedia
  private let floor: TalkFloor
  private let seat: Int
  private let outputs: Outputs

  private var nextAudio = MonotonicInstant.never
  private var nextVideo = MonotonicInstant.never
  private var pictureNumber = 0
  private var isSending = false
  private var hasLeft = false
  private var received: BotAccount

  init(
    name: String, participant: Participant, media: BotMedia, floor: TalkFloor, seat: Int, outputs: Outputs
  ) {
    self.participant = participant
    self.media = media
    self.floor = floor
    self.seat = seat
    self.outputs = outputs
    received = BotAccount(name: name)
  }

  var nextDeadline: MonotonicInstant { min(participant.nextDeadline, nextAudio, nextVideo) }

  /// What it sent and received so far.
  var account: BotAccount {
    var account = received
    account.add(participant.statistics)
    return account
  }

  func receive(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    participant.receive(slot, from: endpoint, at: now, into: batch)
  }

  func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    if participant.nextDeadline <= now { participant.expire(at: now, into: batch) }
    sendSound(at: now, into: batch)
    sendPicture(at: now, into: batch)
  }

  func drained(at now: MonotonicInstant) {
    for event in participant.takeEvents() { handle(event) }
    guard !isSending, !hasLeft, participant.isMediaReady else { return }
    isSending = true
    if media.audio != nil { nextAudio = now }
    if media.hasVideo { nextVideo = now }
  }

  func leave(at now: MonotonicInstant, into batch: EgressBatch) {
    stop()
    participant.leave(at: now, into: batch)
  }

  private func stop() {
    hasLeft = true
    nextAudio = .never
    nextVideo = .never
  }

  private func sendSound(at now: MonotonicInstant, into batch: EgressBatch) {
    if nextAudio + Self.patience <= now { nextAudio = now }
    while nextAudio <= now, let step = media.audio?.next(isTalking: floor.isTalking(seat, at: nextAudio)) {
      participant.sendAudio(
        step.packet, duration: UInt32(960 * step.intervals), level: step.level, at: now, into: batch)
      nextAudio = nextAudio + Self.audioInterval * UInt64(step.intervals)
    }
  }

  /// At most one: pictures whose time has passed are not made any more.
  private func sendPicture(at now: MonotonicInstant, into batch: EgressBatch) {
    guard nextVideo <= now else { return }
    let late = now.nanoseconds(since: nextVideo) / Self.videoInterval.nanoseconds
    pictureNumber += Int(clamping: late)
    nextVideo = nextVideo + Self.videoInterval * (late + 1)
    defer { pictureNumber += 1 }
    guard let frame = media.picture(pictureNumber) else { return }
    let sealed = participant.sendVideo(
      frame.bytes, isKeyFrame: frame.isKeyFrame,
      timestamp90k: UInt32(truncatingIfNeeded: pictureNumber &* Self.videoStep), at: now, into: batch)
    // Those after a frame that did not go out cannot be decoded.
    if sealed == nil { media.requestKeyFrame() }
  }

  private func handle(_ event: ParticipantEvent) {
    switch event {
    case .signal(let message): outputs.signal(message)
    case .frame(let frame): received.note(frame)
    case .keyFrameRequested: media.requestKeyFrame()
    case .videoBitrateLimit(let limit): media.limitBitrate(to: limit)
    case .key(let event): outputs.news(.key(event))
    case .joined(let joined): outputs.news(.joined(joined.member, resumed: joined.resumed))
    case .mediaInterrupted: outputs.news(.mediaInterrupted)
    case .mediaRestored: outputs.news(.mediaRestored)
    // A member left while a message to it was on its way.
    case .refused(let error) where error.code == .notFound && error.about == "sealed": break
    case .refused(let error): outputs.news(.refused(error.message))
    case .ended(let reason):
      guard !hasLeft else { return }
      stop()
      outputs.news(.ended(reason.description))
    case .mediaConnected, .framesMissing, .slots, .published, .unpublished, .muted, .speakers, .quality, .layers,
      .notice:
      break
    }
  }
}

/// What happens to a bot.
enum BotNews: Sendable {
  case joined(MemberID, resumed: Bool)
  case key(KeyEvent)
  case mediaInterrupted, mediaRestored
  /// The relay refused a message.
  case refused(String)
  /// Not by its own leaving.
  case ended(String)
}
