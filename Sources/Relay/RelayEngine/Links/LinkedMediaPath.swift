package import Forwarding
import RTP
import SDP
import Signaling
package import WireBytes

/// A request for a key frame between shards.
///
/// On the receiver's shard: asked for and not answered, with an end in case the message or the answer is lost. On the
/// publisher's: came too early, and is to be remembered until the encoding's SSRC is known.
struct LinkedKeyFrameRequest {
  /// The publisher's shard repeats what is lost on the way to the publisher. This is for a key frame that a full ring
  /// has dropped.
  private static var patience: TimeInterval { .milliseconds(250) }

  private(set) var isRemembered = false
  private var askedAt: MonotonicInstant?

  mutating func remember() { isRemembered = true }

  mutating func answered() {
    isRemembered = false
    askedAt = nil
  }

  /// True: ask now.
  mutating func ask(at now: MonotonicInstant) -> Bool {
    if let askedAt, now.nanoseconds(since: askedAt) < Self.patience.nanoseconds { return false }
    askedAt = now
    return true
  }
}

/// Packets between shards: as their publishers sent them, but for the hop's encryption.
extension ShardEngine {
  /// The receivers' part of the work is done on their shard, in its own time.
  func forwardBurst(
    of track: IngressTrack, encoding: Int, toShard shard: Int, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    guard rings.indices.contains(shard), let ring = rings[shard] else { return }
    for index in 0..<burst.count {
      let packet = burst[index]
      let record = LinkRecord(
        .packet, track: track.linkID, encoding: encoding, value: packet.isRepair ? 1 : 0, ids: track.packetIDs, at: now)
      guard !slab.read(packet.slot, { ring.write(record, $0) }) else {
        counters.packetsLinked &+= 1
        continue
      }
      counters.drop(.linkFull)
      // The decoders behind the link miss a packet that nobody there can ask for again.
      if track.kind == .video { requestKeyFrame(of: track, encoding: encoding, at: now, into: batch) }
    }
  }

  func tellLink(
    _ kind: LinkRecord.Kind, _ value: UInt16, of track: IngressTrack, encoding: Int, shard: Int,
    at now: MonotonicInstant
  ) {
    guard rings.indices.contains(shard), let ring = rings[shard] else { return }
    let record = LinkRecord(kind, track: track.linkID, encoding: encoding, value: value, ids: track.packetIDs, at: now)
    if !ring.write(record, Span()) { counters.drop(.linkFull) }
  }

  /// Takes in one record of another shard's ring; a packet goes on its way with the next `forwardBurst`.
  package func receive(
    _ record: LinkRecord, _ bytes: Span<UInt8>, from shard: Int, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    // The last receiver here, or the publisher, may have gone while the packet was under way.
    guard let track = linked[LinkSource(shard: shard, id: record.track)],
      track.encodings.indices.contains(Int(record.encoding))
    else { return counters.drop(.linkUnknownTrack) }
    let encoding = Int(record.encoding)
    switch record.kind {
    case .packet:
      track.linkedIDs = record.ids
      accept(bytes, isRepair: record.value == 1, of: track, encoding: encoding, at: now, into: batch)
    case .gap: closeGap(record.value, in: track, encoding: encoding, at: now, into: batch)
    case .restart:
      forwardBurst(into: batch)
      restart(track.encodings[encoding], at: encoding, of: track, at: now)
    case .level: heard(UInt8(truncatingIfNeeded: record.value), of: track, at: now)
    }
  }

  private func accept(
    _ bytes: Span<UInt8>, isRepair: Bool, of track: IngressTrack, encoding: Int, at now: MonotonicInstant,
    into batch: EgressBatch
  ) {
    guard bytes.count <= PacketSlab.slotSize else { return counters.drop(.rtpTooLong) }
    guard let slot = slab.take() else { return counters.drop(.slabExhausted) }
    slab.fill(slot, with: bytes)
    do throws(RTPError) {
      var header = try RTPHeader(parsing: bytes)
      let extensions = try HeaderExtensions(scanning: bytes, header: header, ids: track.linkedIDs)
      var payloadStart = header.headerLength
      if isRepair {
        header.sequenceNumber = try RTX.originalSequence(of: bytes, header: header)
        header.payloadType = track.codec.payloadType
        // Behind the original sequence number the payload of a retransmission starts (RFC 4588 section 4).
        payloadStart += 2
      }
      let begins = !isRepair && track.encodings[encoding].pulse.beat(at: now)
      let refusal = addToBurst(
        slot, header, extensions, payloadStart: payloadStart, track: track, encoding: encoding, at: now, into: batch)
      if let refusal { drop(slot, refusal) }
      if begins { streamBegan(track, encoding: encoding, at: now, into: batch) }
    } catch {
      drop(slot, .rtpMalformed)
    }
  }

  func requestLinkedKeyFrame(of track: IngressTrack, encoding: Int, at now: MonotonicInstant) {
    guard case .link(let source) = track.source, track.encodings[encoding].linkedRequest.ask(at: now) else { return }
    send(.requestKeyFrame(source.id, encoding: encoding, isReminder: false), to: source.shard)
  }

  /// Says to the publisher's shard whether this one has receivers.
  func subscribe(to track: IngressTrack, wanted: Bool) {
    guard case .link(let source) = track.source else { return }
    send(.subscribe(source.id, wanted: wanted), to: source.shard)
  }
}

extension IngressTrack {
  /// Legs to receivers on this shard.
  var receivers: Int { legs.count { if case .peer = $0 { true } else { false } } }

  func goes(toShard shard: Int) -> Bool {
    legs.contains { if case .shard(shard) = $0 { true } else { false } }
  }

  func setLeg(toShard shard: Int, wanted: Bool) {
    guard goes(toShard: shard) != wanted else { return }
    if wanted {
      // In front: the other shard can work on the packet while this one forwards its own copies.
      legs.insert(.shard(shard), at: 0)
    } else {
      legs.removeAll { if case .shard(shard) = $0 { true } else { false } }
    }
  }
}
