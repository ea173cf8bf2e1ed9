import E2EKeys
import RTP
import SDP
import Signaling
import WireBytes

/// A packet as it was sent, kept for retransmission.
struct SentPacket {
  let sequence: UInt16
  let timestamp: UInt32
  let marker: Bool
  let audioLevel: UInt8?
  let descriptor: [UInt8]
  let payload: [UInt8]
  let sentAt: MonotonicInstant
  /// The protected datagram, for streams without RTX: those repeat it as it was.
  var datagram: [UInt8] = []
}

/// One stream that this participant publishes.
final class SendTrack {
  /// Packets kept for retransmission: more than a second of either kind.
  private static let cacheSize = (audio: 64, video: 256)
  /// Nobody waits longer than this for a retransmission.
  private static let cacheAge = TimeInterval.seconds(1)

  let mid: String
  let shortMid: ShortText?
  let stream: MediaStream
  let ssrc: SSRC
  let rtxSSRC: SSRC?
  let clockRate: UInt32
  /// From the answer; nil while nothing was negotiated.
  var payloadType: PayloadType?
  var rtxPayloadType: PayloadType?

  private var sequence: UInt16
  private var rtxSequence: UInt16
  private let timestampOffset: UInt32
  private var cache: [SentPacket?]
  var mediaTimestamp: UInt32 = 0
  var frameNumber: UInt16 = 0
  var hasSentKeyFrame = false
  /// Until the relay has reported on the stream, packets carry the mid (RFC 8843 section 9.2).
  var isReported = false

  private var packets: UInt32 = 0
  private var octets: UInt32 = 0
  private var last: (timestamp: UInt32, at: MonotonicInstant)?

  init(mid: String, stream: MediaStream, clockRate: UInt32, hasRTX: Bool, random: RandomSource) {
    self.mid = mid
    shortMid = ShortText(mid)
    self.stream = stream
    self.clockRate = clockRate
    ssrc = SSRC(random.u32() | 1)
    rtxSSRC = hasRTX ? SSRC(random.u32() | 1) : nil
    // In the lower half, so that a packet lost at the start does not make the SRTP roll-over counter ambiguous
    // (RFC 3711 section 3.3.1).
    sequence = random.u16() & 0x7FFF
    rtxSequence = random.u16() & 0x7FFF
    timestampOffset = random.u32()
    cache = [SentPacket?](repeating: nil, count: hasRTX ? Self.cacheSize.video : Self.cacheSize.audio)
  }

  var source: TrackSource { stream.source }

  /// Numbers a packet and keeps it.
  func record(
    timestamp: UInt32, marker: Bool, audioLevel: UInt8?, descriptor: [UInt8], payload: [UInt8], at now: MonotonicInstant
  ) -> SentPacket {
    let packet = SentPacket(
      sequence: sequence, timestamp: timestamp &+ timestampOffset, marker: marker, audioLevel: audioLevel,
      descriptor: descriptor, payload: payload, sentAt: now)
    sequence &+= 1
    cache[Int(packet.sequence) % cache.count] = packet
    packets &+= 1
    octets &+= UInt32(truncatingIfNeeded: payload.count)
    last = (packet.timestamp, now)
    return packet
  }

  func find(_ sequence: UInt16, at now: MonotonicInstant) -> SentPacket? {
    guard let packet = cache[Int(sequence) % cache.count], packet.sequence == sequence,
      now < packet.sentAt + Self.cacheAge
    else { return nil }
    return packet
  }

  /// Whether lost packets go out again in a stream of their own (RFC 4588).
  var hasRetransmissionStream: Bool { rtxSSRC != nil && rtxPayloadType != nil }

  /// Keeps a packet's datagram. To protect the packet anew would use its nonce twice, and unless the two were the same
  /// to the last bit, that gives the AEAD's authentication key away (RFC 7714 section 10.1).
  func keep(_ datagram: [UInt8], of packet: SentPacket) {
    let place = Int(packet.sequence) % cache.count
    guard cache[place]?.sequence == packet.sequence else { return }
    cache[place]?.datagram = datagram
  }

  func header(of packet: SentPacket, ids: HeaderExtensionIDs) -> EgressHeader? {
    guard let payloadType else { return nil }
    return header(of: packet, payloadType, packet.sequence, ssrc, ids)
  }

  /// The header under which a packet goes out again; nil without a retransmission stream.
  func repairHeader(of packet: SentPacket, ids: HeaderExtensionIDs) -> EgressHeader? {
    guard let rtxSSRC, let rtxPayloadType else { return nil }
    defer { rtxSequence &+= 1 }
    return header(of: packet, rtxPayloadType, rtxSequence, rtxSSRC, ids)
  }

  private func header(
    of packet: SentPacket, _ payloadType: PayloadType, _ sequence: UInt16, _ ssrc: SSRC, _ ids: HeaderExtensionIDs
  ) -> EgressHeader {
    var header = EgressHeader(
      marker: packet.marker, payloadType: payloadType, sequenceNumber: sequence, timestamp: packet.timestamp,
      ssrc: ssrc)
    header.ids = ids
    header.mid = isReported ? nil : shortMid
    header.audioLevel = packet.audioLevel
    return header
  }

  /// What a sender report says now; nil before the first packet (RFC 3550 section 6.4.1).
  func senderInfo(clock: WallClock, at now: MonotonicInstant) -> SenderInfo? {
    guard let last else { return nil }
    let elapsed = Double(now.nanoseconds(since: last.at)) / 1e9 * Double(clockRate)
    return SenderInfo(
      ntp: clock.ntp(at: now), rtpTimestamp: last.timestamp &+ UInt32(truncatingIfNeeded: Int64(elapsed)),
      packets: packets, octets: octets)
  }
}
