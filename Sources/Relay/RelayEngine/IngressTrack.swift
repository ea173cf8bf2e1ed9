import Forwarding
import RTP
import SDP
import Signaling
import WireBytes

/// Where a track's packets come from. Version 1 has peers only; a link from another shard or node joins here.
enum IngressSource {
  case peer(Peer)
}

/// One RTP stream of a track: the only one, or one simulcast encoding.
final class Encoding {
  let rid: ShortText?
  var ssrc: SSRC?
  var rtxSSRC: SSRC?
  var statistics = ReceptionStatistics()
  var missing = MissingPackets()
  var keyframes = KeyframeArbiter()
  private(set) var cache: RetransmissionCache
  private let cacheBytes: Int
  /// What has gone into the shard's loss counters so far.
  var accountedExpected: Int64 = 0
  var accountedLost: Int64 = 0
  var pulse = StreamPulse()
  /// Lines of its pictures, by its latest key frame; nil when that did not say.
  var height: Int?

  init(rid: ShortText?, cacheBytes: Int) {
    self.rid = rid
    self.cacheBytes = cacheBytes
    cache = RetransmissionCache(byteCapacity: cacheBytes, maxAge: .seconds(1))
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

/// A publication: one member's track, its encodings, and the legs it fans out to.
final class IngressTrack {
  let source: IngressSource
  let member: MemberID
  let id: String
  let trackSource: TrackSource
  let mid: String
  var codec: NegotiatedCodec
  let encodings: [Encoding]
  /// The fan-out table: every leg that takes this track.
  var legs: [Leg] = []
  var muted: Bool
  /// Whether the room was told that this track is refused for want of a Dependency Descriptor.
  var refused = false

  var kind: MediaKind { trackSource.kind }
  var reference: TrackReference { TrackReference(member: member, track: id) }

  init(
    source: IngressSource, member: MemberID, track: Publish.Track, codec: NegotiatedCodec, encodings: [Encoding]
  ) {
    self.source = source
    self.member = member
    id = track.id
    trackSource = track.source
    mid = track.mid
    muted = track.muted ?? false
    self.codec = codec
    self.encodings = encodings
  }

  var announcement: PublishedTrack {
    PublishedTrack(
      member: member, track: id, source: trackSource, rids: encodings.compactMap { $0.rid?.string }, muted: muted)
  }
}
