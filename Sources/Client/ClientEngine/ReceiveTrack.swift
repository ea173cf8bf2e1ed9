import RTP
import Signaling
import WireBytes

/// One receive slot: a recvonly m-line and the stream that the relay sends in it, whosever it is.
final class ReceiveTrack {
  /// Between requests for one key frame: a publisher needs a moment to make one, and it may be large.
  private static let keyFrameInterval = TimeInterval.milliseconds(500)
  /// How long a frame of an epoch that is not known here yet is kept for its key.
  private static let parkingTime = TimeInterval.seconds(1)
  private static let parkingCapacity = 64

  struct ParkedFrame {
    let frame: AssembledFrame
    let epoch: UInt32
  }

  let mid: String
  let kind: MediaKind
  let ssrc: SSRC
  let rtxSSRC: SSRC?
  let clockRate: UInt32
  var payloadType: PayloadType
  var rtxPayloadType: PayloadType?
  /// What the relay says the slot carries. The KID of each frame tells the truth.
  var assignment: TrackReference?

  var sequences = SequenceUnwrapper()
  var assembler: FrameAssembler
  var missing = MissingSequences()
  var reception: StreamReception
  /// Frames whose key is on its way, in order.
  private(set) var parked: [ParkedFrame] = []
  /// Whether packets came since the last receiver report.
  var isActive = false
  private var nextKeyFrameRequest = MonotonicInstant(nanoseconds: 0)

  init(
    mid: String, kind: MediaKind, ssrc: SSRC, rtxSSRC: SSRC?, payloadType: PayloadType, rtxPayloadType: PayloadType?
  ) {
    self.mid = mid
    self.kind = kind
    self.ssrc = ssrc
    self.rtxSSRC = rtxSSRC
    self.payloadType = payloadType
    self.rtxPayloadType = rtxPayloadType
    clockRate = kind == .audio ? 48_000 : 90_000
    assembler = FrameAssembler(kind == .audio ? .audio : .video)
    reception = StreamReception(clockRate: clockRate)
  }

  /// Keeps a frame for later. Returns how many older ones had to go.
  func park(_ frame: AssembledFrame, epoch: UInt32) -> Int {
    parked.append(ParkedFrame(frame: frame, epoch: epoch))
    guard parked.count > Self.parkingCapacity else { return 0 }
    parked.removeFirst(parked.count - Self.parkingCapacity)
    return 1
  }

  func takeParked() -> [ParkedFrame] {
    defer { parked = [] }
    return parked
  }

  func isExpired(_ parked: ParkedFrame, at now: MonotonicInstant) -> Bool {
    now >= parked.frame.arrivedAt + Self.parkingTime
  }

  func putBack(_ frames: [ParkedFrame]) { parked = frames }

  /// Whether to ask for a key frame now; notes that it is done.
  func takeKeyFrameRequest(at now: MonotonicInstant) -> Bool {
    guard assembler.wantsKeyFrame, now >= nextKeyFrameRequest else { return false }
    nextKeyFrameRequest = now + Self.keyFrameInterval
    return true
  }

  func nextDeadline(mayRequestKeyFrames: Bool) -> MonotonicInstant {
    var next = min(missing.nextDeadline, assembler.nextDeadline)
    if mayRequestKeyFrames, assembler.wantsKeyFrame { next = min(next, nextKeyFrameRequest) }
    if let first = parked.first { next = min(next, first.frame.arrivedAt + Self.parkingTime) }
    return next
  }
}
