import CPrefetch
import Forwarding
import RTP
import SDP
import Signaling
import WireBytes

/// Where a track's packets go. A flow to another node joins here.
enum Leg {
  case peer(ReceiveSlot)
  /// To the receivers on another shard, once for all of them.
  case shard(Int)
}

extension Leg {
  /// A leg without a reference of its own, which would cost two atomic operations for each copy of a packet.
  @unsafe
  enum Borrowed {
    case peer(Unmanaged<ReceiveSlot>)
    case shard(Int)
  }

  /// Sound for as long as the caller holds the array that this leg is in.
  @inline(__always) @unsafe
  var borrowed: Borrowed {
    switch self {
    case .peer(let slot): unsafe .peer(.passUnretained(slot))
    case .shard(let shard): unsafe .shard(shard)
    }
  }
}

/// One receiving m-line of a subscriber, and the state of what is sent in it.
///
/// The slot keeps its SSRC whatever publication it carries: the rewriters make one continuous stream of the parts.
@safe
final class ReceiveSlot {
  unowned let subscriber: Peer
  /// The subscriber's, held here so that a packet need not go by way of it.
  let egress: PeerEgress
  let mid: String
  let shortMid: ShortText?
  let kind: MediaKind
  let ssrc: SSRC
  let rtxSSRC: SSRC
  /// What the subscriber can show, and which of it is sent.
  private(set) var codecs: [NegotiatedCodec]
  private(set) var codec: NegotiatedCodec
  var ids: HeaderExtensionIDs

  /// What the slot carries now.
  private(set) var track: IngressTrack?
  /// Index of the encoding being forwarded; nil until its first (key) frame came.
  var currentEncoding: Int?
  var targetEncoding = 0
  /// Lines of picture that are enough; nil for as many as there are.
  var maxHeight: Int?
  var paused = false

  /// Behind a pointer, since each of its five parts changes with every packet: as stored properties of a class they
  /// would pay for five checks of exclusive access, 130 instructions each.
  private let state: UnsafeMutablePointer<LegState>
  var rtxSequence: UInt16
  /// Whether a packet was ever sent: only then do source switches need continuity.
  var hasSent = false
  var lastSentAt = MonotonicInstant(nanoseconds: 0)

  init(subscriber: Peer, section: OfferedSection, kind: MediaKind, codec: NegotiatedCodec, random: RandomSource) {
    self.subscriber = subscriber
    egress = subscriber.egress
    mid = section.mid
    shortMid = ShortText(section.mid)
    self.kind = kind
    codecs = Self.codecs(of: section)
    self.codec = codec
    ids = HeaderExtensionIDs(section.extensions.egress)
    ssrc = SSRC(random.u32() | 1)
    rtxSSRC = SSRC(random.u32() | 1)
    let sequence = SequenceRewriter(first: random.u16() & 0x7FFF)
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(
      to: LegState(sequence: sequence, timestamp: TimestampRewriter(first: random.u32())))
    rtxSequence = random.u16() & 0x7FFF
  }

  deinit {
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
  }

  /// See `LegPrefetch`.
  func prefetchState() { unsafe cprefetch(state, MemoryLayout<LegState>.size) }

  /// Takes another publication, or none. The stream goes on at the next key frame (video) or packet (audio).
  func carry(_ track: IngressTrack?) {
    self.track = track
    if let track, let match = match(track) { codec = match }
    currentEncoding = nil
    targetEncoding = track.map { $0.encodings.count - 1 } ?? 0
    paused = false
    maxHeight = nil
    rewrites.removeAll()
  }

  /// The codec under which the subscriber can show a track; nil if it cannot.
  func match(_ track: IngressTrack) -> NegotiatedCodec? { codecs.first { $0.name == track.codec.name } }

  /// The m-line was offered again: payload types and extension ids are those of the new offer.
  func renegotiated(_ section: OfferedSection) {
    codecs = Self.codecs(of: section)
    ids = HeaderExtensionIDs(section.extensions.egress)
    if let same = codecs.first(where: { $0.name == codec.name }) ?? codecs.first { codec = same }
  }

  /// In an m-line that is used in both directions there is one codec for both.
  private static func codecs(of section: OfferedSection) -> [NegotiatedCodec] {
    section.sends ? Array(section.codecs.prefix(1)) : section.codecs
  }

  /// Video that waits for a key frame before it can be forwarded.
  var awaitsKeyFrame: Bool { kind == .video && track != nil && !paused && currentEncoding != targetEncoding }

  /// Whether it gets one of several encodings of a publisher on another shard.
  var hasLinkedLayers: Bool {
    guard let track, case .link = track.source else { return false }
    return track.encodings.count > 1
  }

  /// Whether its subscriber waits for a key frame and could use one.
  var isInNeedOfKeyFrame: Bool { awaitsKeyFrame && subscriber.isMediaReady && subscriber.isInEpoch }
}

extension ReceiveSlot {
  var sequence: SequenceRewriter {
    _read { yield unsafe state.pointee.sequence }
    _modify { yield unsafe &state.pointee.sequence }
  }
  var timestamp: TimestampRewriter {
    _read { yield unsafe state.pointee.timestamp }
    _modify { yield unsafe &state.pointee.timestamp }
  }
  var frameNumber: FrameNumberRewriter {
    _read { yield unsafe state.pointee.frameNumber }
    _modify { yield unsafe &state.pointee.frameNumber }
  }
  var rewrites: RewriteLog {
    _read { yield unsafe state.pointee.rewrites }
    _modify { yield unsafe &state.pointee.rewrites }
  }
  var sent: SendStatistics {
    _read { yield unsafe state.pointee.sent }
    _modify { yield unsafe &state.pointee.sent }
  }
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
