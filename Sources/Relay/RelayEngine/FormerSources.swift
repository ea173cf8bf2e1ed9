import RTP
import WireBytes

/// The SSRCs of m-lines whose publication ended. Browsers name an encoding in header extensions in its first packets
/// only; an m-line that is published again goes on without, under the SSRCs it had.
struct FormerSources {
  private struct Source {
    let mid: String
    let rid: ShortText?
    let ssrc: SSRC?
    let rtxSSRC: SSRC?
  }

  /// More than one member may publish at a time, with three encodings each.
  private static let capacity = 32

  private var sources: [Source] = []

  mutating func note(_ track: IngressTrack) {
    sources.removeAll { $0.mid == track.mid }
    for encoding in track.encodings where encoding.ssrc != nil || encoding.rtxSSRC != nil {
      sources.append(
        Source(mid: track.mid, rid: encoding.rid, ssrc: encoding.ssrc, rtxSSRC: encoding.rtxSSRC))
    }
    if sources.count > Self.capacity { sources.removeFirst(sources.count - Self.capacity) }
  }

  func ssrcs(mid: String, rid: ShortText?) -> (primary: SSRC?, rtx: SSRC?) {
    let source = sources.first { $0.mid == mid && $0.rid == rid }
    return (source?.ssrc, source?.rtxSSRC)
  }

  mutating func removeAll() { sources.removeAll() }
}
