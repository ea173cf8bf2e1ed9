import Forwarding
import RTP
import SDP
import Signaling
import WireBytes

/// Where a track's packets come from. A flow from another node joins here.
enum IngressSource {
  case peer(Peer)
  /// The track's publisher is on another shard.
  case link(LinkSource)
}

/// A publication's name on the shard where its packets come in.
struct LinkSource: Hashable {
  let shard: Int
  let id: UInt32
}

/// What every packet of an encoding changes.
struct EncodingState {
  var statistics = ReceptionStatistics()
  var missing = MissingPackets()
  var pulse = StreamPulse()
  var lastPacketAt = MonotonicInstant(nanoseconds: 0)
}

/// One RTP stream of a track: the only one, or one simulcast encoding.
@safe
final class Encoding {
  let rid: ShortText?
  var ssrc: SSRC?
  var rtxSSRC: SSRC?
  /// Behind a pointer, for the reason that `ReceiveSlot` gives.
  private let state: UnsafeMutablePointer<EncodingState>
  var keyframes = KeyframeArbiter()
  private(set) var cache: RetransmissionCache
  private let cacheBytes: Int
  /// What has gone into the shard's loss counters so far.
  var accountedExpected: Int64 = 0
  var accountedLost: Int64 = 0
  /// Lines of its pictures, by its latest key frame; nil when that did not say.
  var height: Int?
  /// A key frame that another shard asked for before the SSRC was known, or that this shard asked another for.
  var linkedRequest = LinkedKeyFrameRequest()

  init(rid: ShortText?, cacheBytes: Int) {
    self.rid = rid
    self.cacheBytes = cacheBytes
    cache = RetransmissionCache(byteCapacity: cacheBytes, maxAge: .seconds(1))
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(to: EncodingState())
  }

  deinit {
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
  }

  /// Forgets everything that belongs to the present SSRC.
  func restart() {
    statistics = ReceptionStatistics()
    missing = MissingPackets()
    cache = RetransmissionCache(byteCapacity: cacheBytes, maxAge: .seconds(1))
    accountedExpected = 0
    accountedLost = 0
  }
}

extension Encoding {
  var statistics: ReceptionStatistics {
    _read { yield unsafe state.pointee.statistics }
    _modify { yield unsafe &state.pointee.statistics }
  }
  var missing: MissingPackets {
    _read { yield unsafe state.pointee.missing }
    _modify { yield unsafe &state.pointee.missing }
  }
  var pulse: StreamPulse {
    _read { yield unsafe state.pointee.pulse }
    _modify { yield unsafe &state.pointee.pulse }
  }
  var lastPacketAt: MonotonicInstant {
    get { unsafe state.pointee.lastPacketAt }
    set { unsafe state.pointee.lastPacketAt = newValue }
  }
}

/// A publication: one member's track, its encodings, and the legs it fans out to.
final class IngressTrack {
  let source: IngressSource
  unowned let room: Room
  let member: MemberID
  /// The publisher's join index.
  let joinOrder: Int
  let id: String
  /// This shard's name for a publication of its own; 0 for others.
  let linkID: UInt32
  let trackSource: TrackSource
  let mid: String
  var codec: NegotiatedCodec
  let encodings: [Encoding]
  /// The fan-out table: every leg that takes this track.
  var legs: [Leg] = []
  var muted: Bool
  /// Whether the room was told that this track is refused for want of a Dependency Descriptor.
  var refused = false
  /// Extension ids of the packets that came over a link.
  var linkedIDs = HeaderExtensionIDs()

  var kind: MediaKind { trackSource.kind }
  var reference: TrackReference { TrackReference(member: member, track: id) }

  init(
    source: IngressSource, room: Room, member: MemberID, joinOrder: Int, linkID: UInt32 = 0, track: Publish.Track,
    codec: NegotiatedCodec, encodings: [Encoding]
  ) {
    self.source = source
    self.room = room
    self.member = member
    self.joinOrder = joinOrder
    self.linkID = linkID
    id = track.id
    trackSource = track.source
    mid = track.mid
    muted = track.muted ?? false
    self.codec = codec
    self.encodings = encodings
  }

  /// Extension ids of the packets in the caches.
  var packetIDs: HeaderExtensionIDs {
    switch source {
    case .peer(let publisher): publisher.ids
    case .link: linkedIDs
    }
  }

  var announcement: PublishedTrack {
    PublishedTrack(
      member: member, track: id, source: trackSource, rids: encodings.compactMap { $0.rid?.string }, muted: muted)
  }
}
