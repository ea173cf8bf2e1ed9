import RTP
import SDP
import WireBytes

/// What a client calls things: its payload types and its header extension ids.
struct Dialect {
  var opus: UInt8
  var video: UInt8
  var rtx: UInt8
  var ids: HeaderExtensionIDs

  private init(opus: UInt8, video: UInt8, rtx: UInt8, _ set: (inout HeaderExtensionIDs) -> Void) {
    (self.opus, self.video, self.rtx) = (opus, video, rtx)
    ids = HeaderExtensionIDs()
    set(&ids)
  }

  /// As Chromium counts.
  static let first = Dialect(opus: 111, video: 96, rtx: 97) {
    ($0.mid, $0.rid, $0.repairedRid, $0.audioLevel, $0.dependencyDescriptor) = (4, 10, 11, 1, 12)
  }
  /// Shares no number with `first`.
  static let second = Dialect(opus: 109, video: 120, rtx: 124) {
    ($0.mid, $0.rid, $0.repairedRid, $0.audioLevel, $0.dependencyDescriptor) = (3, 5, 6, 2, 9)
  }

  /// An offer in this dialect.
  func offer(
    _ sections: [ClientOffer.Section], iceUfrag: String, icePwd: String, fingerprint: [UInt8], setup: Setup
  ) -> String {
    let digits = Array("0123456789ABCDEF")
    let pairs = fingerprint.map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined(separator: ":")
    var lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines.append("a=group:BUNDLE " + sections.map(\.mid).joined(separator: " "))
    for section in sections {
      let isAudio = section.kind == .audio
      lines.append("m=\(section.kind.rawValue) 9 UDP/TLS/RTP/SAVPF " + (isAudio ? "\(opus)" : "\(video) \(rtx)"))
      lines += ["c=IN IP4 0.0.0.0", "a=mid:" + section.mid, "a=ice-ufrag:" + iceUfrag, "a=ice-pwd:" + icePwd]
      lines += ["a=fingerprint:sha-256 " + pairs, "a=setup:" + setup.rawValue, "a=rtcp-mux", "a=rtcp-rsize"]
      lines += [section.sends ? "a=sendonly" : "a=recvonly", "a=extmap:\(ids.mid) " + ExtensionURI.mid]
      if isAudio {
        lines += ["a=extmap:\(ids.audioLevel) " + ExtensionURI.audioLevel, "a=rtpmap:\(opus) opus/48000/2"]
      } else {
        lines += ["a=extmap:\(ids.rid) " + ExtensionURI.rid, "a=extmap:\(ids.repairedRid) " + ExtensionURI.repairedRid]
        lines += ["a=extmap:\(ids.dependencyDescriptor) " + ExtensionURI.dependencyDescriptor]
        lines += ["a=rtpmap:\(video) VP8/90000", "a=rtcp-fb:\(video) nack", "a=rtcp-fb:\(video) nack pli"]
        lines += ["a=rtpmap:\(rtx) rtx/90000", "a=fmtp:\(rtx) apt=\(video)"]
      }
      if !section.rids.isEmpty {
        lines += section.rids.map { "a=rid:\($0) send" }
        lines.append("a=simulcast:send " + section.rids.joined(separator: ";"))
      }
      if let ssrc = section.ssrc {
        if let rtx = section.rtxSSRC { lines += ["a=ssrc-group:FID \(ssrc) \(rtx)", "a=ssrc:\(rtx) cname:hop"] }
        lines.append("a=ssrc:\(ssrc) cname:hop")
      }
    }
    return lines.map { $0 + "\r\n" }.joined()
  }
}

/// An RTP packet in its parts, before the hop's encryption.
struct WirePacket {
  var marker = false
  var payloadType: UInt8
  var sequence: UInt16
  var timestamp: UInt32
  var ssrc: SSRC
  var mid: String?
  var rid: String?
  var repairedRid: String?
  var audioLevel: UInt8?
  var descriptor: [UInt8] = []
  var payload: [UInt8]
  /// Octets of padding, their count included.
  var padding: UInt8 = 0

  func bytes(_ ids: HeaderExtensionIDs) -> [UInt8] {
    var header = EgressHeader(
      marker: marker, payloadType: PayloadType(payloadType), sequenceNumber: sequence, timestamp: timestamp, ssrc: ssrc)
    header.ids = ids
    header.mid = mid.flatMap { ShortText($0) }
    header.rid = rid.flatMap { ShortText($0) }
    header.repairedRid = repairedRid.flatMap { ShortText($0) }
    header.audioLevel = audioLevel
    var buffer = [UInt8](repeating: 0, count: PacketSlab.slotSize)
    var span = buffer.mutableSpan
    let length = header.write(into: &span, dependencyDescriptor: descriptor.span)
    var bytes = Array(buffer[..<length]) + payload
    if padding > 0 {
      bytes[0] |= 0x20
      bytes += [UInt8](repeating: 0, count: Int(padding) - 1) + [padding]
    }
    return bytes
  }

  /// The same packet once more, in the retransmission stream (RFC 4588 section 4).
  func retransmitted(payloadType: UInt8, ssrc: SSRC, sequence: UInt16) -> WirePacket {
    var packet = self
    packet.payload = [UInt8(self.sequence >> 8), UInt8(self.sequence & 0xFF)] + payload
    (packet.payloadType, packet.ssrc, packet.sequence) = (payloadType, ssrc, sequence)
    (packet.rid, packet.repairedRid) = (nil, rid)
    return packet
  }
}

/// A video stream of a client: makes the packets of one frame after the other.
struct VideoSource {
  let payloadType: UInt8
  var ssrc: SSRC
  var mid: String?
  var rid: String?
  var sequence: UInt16 = 7_000
  var timestamp: UInt32 = 90_000
  var frameNumber: UInt16 = 300
  var payloadSize = 200
  /// Lines of its pictures, as the descriptors of its key frames say.
  var height: UInt16 = 720

  init(_ dialect: Dialect, ssrc: UInt32, mid: String? = nil, rid: String? = nil) {
    payloadType = dialect.video
    self.ssrc = SSRC(ssrc)
    self.mid = mid
    self.rid = rid
  }

  mutating func frame(isKey: Bool = false, packets count: Int = 1) -> [WirePacket] {
    defer {
      timestamp &+= 3_000
      frameNumber &+= 1
    }
    return (0..<count).map { index in
      defer { sequence &+= 1 }
      let descriptor = DependencyDescriptorWriter.write(
        startOfFrame: index == 0, endOfFrame: index == count - 1, isKeyFrame: isKey, frameNumber: frameNumber,
        width: height / 9 * 16, height: height)
      let payload = (0..<payloadSize).map { UInt8(truncatingIfNeeded: Int(sequence) &* 31 &+ $0) }
      return WirePacket(
        marker: index == count - 1, payloadType: payloadType, sequence: sequence, timestamp: timestamp, ssrc: ssrc,
        mid: mid, rid: rid, descriptor: descriptor, payload: payload)
    }
  }

  /// A packet of padding alone: it has a number, and nothing in it.
  mutating func paddingPacket() -> WirePacket {
    defer { sequence &+= 1 }
    return WirePacket(
      payloadType: payloadType, sequence: sequence, timestamp: timestamp, ssrc: ssrc, mid: mid, rid: rid, payload: [],
      padding: 200)
  }
}
