import Forwarding
import RTP
import SDP
import Signaling
import WireBytes

/// Where a track's packets go. Version 1 has peers only; a ring to another shard and a flow to another node join here.
enum Leg {
  case peer(ReceiveSlot)
}

/// One receiving m-line of a subscriber, and the state of what is sent in it.
///
/// The slot keeps its SSRC whatever publication it carries: the rewriters make one continuous stream of the parts.
final class ReceiveSlot {
  unowned let subscriber: Peer
  let mid: String
  let shortMid: ShortText?
  let kind: MediaKind
  let ssrc: SSRC
  let rtxSSRC: SSRC
  var codec: NegotiatedCodec
  var ids: HeaderExtensionIDs

  /// What the slot carries now.
  private(set) var track: IngressTrack?
  /// Index of the encoding being forwarded; nil until its first (key) frame came.
  var currentEncoding: Int?
  var targetEncoding = 0
  /// Lines of picture that are enough; nil for as many as there are.
  var maxHeight: Int?
  var paused = false

  var sequence: SequenceRewriter
  var timestamp: TimestampRewriter
  var frameNumber = FrameNumberRewriter()
  var rewrites = RewriteLog()
  var sent = SendStatistics()
  var rtxSequence: UInt16
  /// Whether a packet was ever sent: only then do source switches need continuity.
  var hasSent = false
  var lastSentAt = MonotonicInstant(nanoseconds: 0)

  init(subscriber: Peer, section: OfferedSection, kind: MediaKind, codec: NegotiatedCodec, random: RandomSource) {
    self.subscriber = subscriber
    mid = section.mid
    shortMid = ShortText(section.mid)
    self.kind = kind
    self.codec = codec
    ids = HeaderExtensionIDs(section.extensions.egress)
    ssrc = SSRC(random.u32() | 1)
    rtxSSRC = SSRC(random.u32() | 1)
    sequence = SequenceRewriter(first: random.u16() & 0x7FFF)
    timestamp = TimestampRewriter(first: random.u32())
    rtxSequence = random.u16() & 0x7FFF
  }

  /// Takes another publication, or none. The stream goes on at the next key frame (video) or packet (audio).
  func carry(_ track: IngressTrack?) {
    self.track = track
    currentEncoding = nil
    targetEncoding = track.map { $0.encodings.count - 1 } ?? 0
    paused = false
    maxHeight = nil
    rewrites.removeAll()
  }

  /// Video that waits for a key frame before it can be forwarded.
  var awaitsKeyFrame: Bool { kind == .video && track != nil && !paused && currentEncoding != targetEncoding }

  /// Whether its subscriber waits for a key frame and could use one.
  var isInNeedOfKeyFrame: Bool { awaitsKeyFrame && subscriber.isMediaReady && subscriber.isInEpoch }
}

extension HeaderExtensionIDs {
  init(_ negotiated: NegotiatedExtensions) {
    self.init()
    mid = negotiated.mid
    rid = negotiated.rid
    repairedRid = negotiated.repairedRid
    audioLevel = negotiated.audioLevel
    dependencyDescriptor = negotiated.dependencyDescriptor
    absoluteSendTime = negotiated.absoluteSendTime
    transportSequence = negotiated.transportSequence
  }
}
