import Forwarding
import RTP
import SDP
import SRTP
import WireBytes

/// From track to subscriber: plan, copy, rewrite, protect.
extension ShardEngine {
  func forward(
    _ packet: IngressPacket, of track: IngressTrack, encoding: Int, to leg: ReceiveSlot, at now: MonotonicInstant,
    into batch: EgressBatch
  ) {
    let egress = leg.egress
    guard !leg.paused, let endpoint = egress.endpoint, egress.sender != nil else { return }
    if leg.currentEncoding != encoding {
      guard encoding == leg.targetEncoding, packet.startsStream else { return }
      // Sealed with keys that the subscriber does not have: it will ask for nothing, and wait for the next key frame.
      guard leg.subscriber.isInEpoch || leg.kind == .audio else { return }
      switchSource(of: leg, to: encoding, at: packet, clockRate: track.codec.clockRate, now: now)
    }
    guard let sequence = leg.sequence.rewrite(packet.header.sequenceNumber) else {
      return counters.drop(.lateForSlot)
    }
    let timestamp = leg.timestamp.rewrite(packet.header.timestamp)
    var header = EgressHeader(
      marker: packet.header.marker, payloadType: leg.codec.payloadType, sequenceNumber: sequence,
      timestamp: timestamp, ssrc: leg.ssrc)
    header.ids = leg.ids
    header.mid = leg.shortMid
    if let descriptor = packet.descriptor { header.frameNumber = leg.frameNumber.rewrite(descriptor.frameNumber) }
    // Before it is put out: what is dropped for want of room below is a hole that the subscriber can ask for.
    // Without an RTX stream nothing is ever sent again, and the log takes memory.
    if leg.codec.rtxPayloadType != nil {
      leg.rewrites.record(out: sequence, source: packet.header.sequenceNumber, encoding: UInt8(encoding))
    }
    guard
      let length = put(
        header, payloadOf: packet.slot, from: packet.payloadStart, to: packet.header.payloadEnd,
        extensions: packet.extensions, egress: egress, endpoint: endpoint, into: batch)
    else { return }
    leg.sent.sent(payloadBytes: packet.header.payloadEnd - packet.payloadStart, timestamp: timestamp, at: now)
    leg.lastSentAt = now
    if egress.nextReport == .never { keepReporting(to: leg.subscriber, at: now) }
    counters.packetsForwarded &+= 1
    counters.bytesForwarded &+= UInt64(length)
  }

  /// Makes the leg's stream go on with another source, without a break in its numbers.
  private func switchSource(
    of leg: ReceiveSlot, to encoding: Int, at packet: IngressPacket, clockRate: UInt32, now: MonotonicInstant
  ) {
    let elapsed = TimeInterval(nanoseconds: leg.hasSent ? now.nanoseconds(since: leg.lastSentAt) : 0)
    leg.sequence.switchSource(firstSequence: packet.header.sequenceNumber)
    leg.timestamp.switchSource(firstTimestamp: packet.header.timestamp, elapsed: elapsed, clockRate: clockRate)
    if let descriptor = packet.descriptor { leg.frameNumber.switchSource(first: descriptor.frameNumber) }
    leg.rewrites.removeAll()
    leg.currentEncoding = encoding
    leg.hasSent = true
  }

  /// Writes header and payload into a fresh slot, protects it and puts it into the batch. Returns the datagram's
  /// length, or nil when it was dropped and counted.
  private func put(
    _ header: EgressHeader, payloadOf source: PacketSlot, from start: Int, to end: Int, extensions: HeaderExtensions,
    egress: PeerEgress, endpoint: Endpoint, into batch: EgressBatch
  ) -> Int? {
    guard let target = slab.take() else {
      counters.drop(.slabExhausted)
      return nil
    }
    var header = header
    let headerLength = slab.read(source) { bytes in
      if !extensions.audioLevel.isEmpty { header.audioLevel = bytes[extensions.audioLevel.lowerBound] }
      let descriptor = bytes.extracting(extensions.dependencyDescriptor)
      return slab.edit(target) { header.write(into: &$0, dependencyDescriptor: descriptor) }
    }
    let length = headerLength + end - start
    guard length + Self.protectionRoom <= PacketSlab.slotSize else {
      drop(target, .rtpTooLong)
      return nil
    }
    slab.copy(source, from: start, to: end, into: target, at: headerLength)
    return protect(target, length: length, with: egress, to: endpoint, into: batch)
  }

  /// What SRTP may add behind a packet: its tag, and for SRTCP the index as well.
  static let protectionRoom = 32

  func protect(
    _ slot: PacketSlot, length: Int, with egress: PeerEgress, to endpoint: Endpoint, into batch: EgressBatch
  ) -> Int? {
    do throws(SRTPError) {
      let sealed = try slab.edit(slot) { (bytes) throws(SRTPError) in try egress.protect(&bytes, length: length) }
      slab.setLength(sealed, of: slot)
      send(slot, to: endpoint, into: batch)
      return sealed
    } catch {
      drop(slot, .protectFailed)
      return nil
    }
  }
}
