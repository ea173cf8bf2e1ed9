import Forwarding
import RTP
import SDP
import WireBytes

/// Answers a subscriber's NACK from the track's cache, as RTX (RFC 4588).
extension ShardEngine {
  func retransmit(_ lost: [UInt16], in leg: ReceiveSlot, at now: MonotonicInstant, into batch: EgressBatch) {
    counters.nackReceived &+= UInt64(lost.count)
    // Without an RTX stream a packet would go out twice under one nonce: AEAD forbids that unless it is the same to the
    // last bit, which a renegotiation in between could break. Audio conceals its losses.
    guard let track = leg.track, leg.codec.rtxPayloadType != nil, let endpoint = leg.egress.endpoint,
      leg.egress.sender != nil
    else {
      counters.rtxMissed &+= UInt64(lost.count)
      return
    }
    for sequence in lost {
      guard let source = leg.rewrites.source(of: sequence), Int(source.encoding) < track.encodings.count,
        let target = slab.take()
      else {
        counters.rtxMissed &+= 1
        continue
      }
      var length: Int?
      let found = track.encodings[Int(source.encoding)].cache.find(source.sequence, at: now) { bytes in
        length = self.writeRetransmission(of: bytes, out: sequence, from: track, in: leg, into: target)
      }
      guard found, let length else {
        slab.release(target)
        counters.rtxMissed &+= 1
        continue
      }
      if protect(target, length: length, with: leg.egress, to: endpoint, into: batch) != nil { counters.rtxSent &+= 1 }
    }
  }

  /// Rewrites a cached packet for the leg; nil if it no longer parses or fits, which a stored packet always does.
  private func writeRetransmission(
    of bytes: Span<UInt8>, out sequence: UInt16, from track: IngressTrack, in leg: ReceiveSlot, into target: PacketSlot
  ) -> Int? {
    guard let rtxPayloadType = leg.codec.rtxPayloadType, let parsed = try? RTPHeader(parsing: bytes),
      let extensions = try? HeaderExtensions(scanning: bytes, header: parsed, ids: track.packetIDs)
    else { return nil }
    // A packet that itself came by retransmission is cached with its original sequence number in front.
    let isRepair = parsed.payloadType == track.codec.rtxPayloadType
    let start = parsed.headerLength + (isRepair ? 2 : 0)
    guard start <= parsed.payloadEnd else { return nil }
    var header = EgressHeader(
      marker: parsed.marker, payloadType: rtxPayloadType, sequenceNumber: leg.rtxSequence,
      timestamp: leg.timestamp.rewrite(parsed.timestamp), ssrc: leg.rtxSSRC)
    header.ids = leg.ids
    header.mid = leg.shortMid
    if !extensions.audioLevel.isEmpty { header.audioLevel = bytes[extensions.audioLevel.lowerBound] }
    let descriptorBytes = bytes.extracting(extensions.dependencyDescriptor)
    if let descriptor = try? DependencyDescriptor(parsing: descriptorBytes) {
      header.frameNumber = leg.frameNumber.rewrite(descriptor.frameNumber)
    }
    let payload = bytes.extracting(start..<parsed.payloadEnd)
    leg.rtxSequence &+= 1
    let final = header
    return slab.edit(target) { output in
      var offset = final.write(into: &output, dependencyDescriptor: descriptorBytes)
      guard offset + 2 + payload.count + Self.protectionRoom <= PacketSlab.slotSize else { return nil }
      output.store(sequence, at: offset)
      offset += 2
      for index in payload.indices { output[offset + index] = payload[index] }
      return offset + payload.count
    }
  }
}
