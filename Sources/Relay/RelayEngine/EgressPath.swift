import Forwarding
import RTP
import SDP
import SRTP
import WireBytes

/// From track to subscriber: plan, rewrite, protect.
extension ShardEngine {
  func forwardBurst(
    of track: IngressTrack, encoding: Int, to leg: ReceiveSlot, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    let egress = leg.egress
    guard !leg.paused, let endpoint = egress.endpoint, egress.sender != nil else { return }
    var header = EgressHeader(payloadType: leg.codec.payloadType, ssrc: leg.ssrc)
    header.ids = leg.ids
    header.mid = leg.shortMid
    // Without an RTX stream nothing is ever sent again, and the log takes memory.
    let isRepeatable = leg.codec.rtxPayloadType != nil
    var bytes = 0
    var count: UInt64 = 0
    for index in 0..<burst.count {
      let packet = burst[index]
      if leg.currentEncoding != encoding {
        guard encoding == leg.targetEncoding, packet.startsStream else { continue }
        // Sealed with keys that the subscriber does not have: it will ask for nothing, and wait for the next key frame.
        guard leg.subscriber.isInEpoch || leg.kind == .audio else { continue }
        switchSource(of: leg, to: encoding, at: packet, clockRate: track.codec.clockRate, now: now)
      }
      guard let sequence = leg.sequence.rewrite(packet.sequenceNumber) else {
        counters.drop(.lateForSlot)
        continue
      }
      header.marker = packet.marker
      header.sequenceNumber = sequence
      header.timestamp = leg.timestamp.rewrite(packet.timestamp)
      header.audioLevel = packet.audioLevel
      header.frameNumber = packet.descriptor.map { leg.frameNumber.rewrite($0.frameNumber) }
      // Before it is put out: what is dropped for want of room below is a hole that the subscriber can ask for.
      if isRepeatable {
        leg.rewrites.record(out: sequence, source: packet.sequenceNumber, encoding: UInt8(encoding))
      }
      guard let length = put(header, payloadOf: packet, egress: egress, endpoint: endpoint, into: batch) else {
        continue
      }
      leg.sent.sent(payloadBytes: packet.payload.count, timestamp: header.timestamp, at: now)
      bytes += length
      count += 1
    }
    guard count > 0 else { return }
    leg.lastSentAt = now
    if egress.reportsRest { keepReporting(to: leg.subscriber, at: now) }
    counters.packetsForwarded &+= count
    counters.bytesForwarded &+= UInt64(bytes)
  }

  /// Makes the leg's stream go on with another source, without a break in its numbers.
  private func switchSource(
    of leg: ReceiveSlot, to encoding: Int, at packet: IngressPacket, clockRate: UInt32, now: MonotonicInstant
  ) {
    let elapsed = TimeInterval(nanoseconds: leg.hasSent ? now.nanoseconds(since: leg.lastSentAt) : 0)
    leg.sequence.switchSource(firstSequence: packet.sequenceNumber)
    leg.timestamp.switchSource(firstTimestamp: packet.timestamp, elapsed: elapsed, clockRate: clockRate)
    if let descriptor = packet.descriptor { leg.frameNumber.switchSource(first: descriptor.frameNumber) }
    leg.rewrites.removeAll()
    leg.currentEncoding = encoding
    leg.hasSent = true
    hastenReports(to: leg.subscriber, at: now)
  }

  /// Writes the header into a fresh slot, encrypts the payload to behind it and puts the packet into the batch. Returns the datagram's
  /// length, or nil when it was dropped and counted.
  private func put(
    _ header: EgressHeader, payloadOf packet: IngressPacket, egress: PeerEgress, endpoint: Endpoint,
    into batch: EgressBatch
  ) -> Int? {
    guard let target = slab.take() else {
      counters.drop(.slabExhausted)
      return nil
    }
    // The next copy's, most likely as long as this one.
    slab.prefetchNext(headerRoom + packet.payload.count)
    do throws(SRTPError) {
      let length = try slab.read(packet.slot) { (bytes) throws(SRTPError) in
        try slab.edit(target) { (copy) throws(SRTPError) in
          let headerLength = header.write(
            into: &copy, dependencyDescriptor: bytes.extracting(packet.descriptorBytes))
          // The same room as a retransmission needs: what cannot be sent again is not sent at all.
          guard headerLength + packet.payload.count + Self.protectionRoom <= PacketSlab.slotSize else {
            throw .tooLong
          }
          return try egress.protect(&copy, headerLength: headerLength, payload: bytes.extracting(packet.payload))
        }
      }
      slab.setLength(length, of: target)
      send(target, to: endpoint, into: batch)
      return length
    } catch {
      drop(target, error == .tooLong ? .rtpTooLong : .protectFailed)
      return nil
    }
  }

  /// What a header takes, extensions included, as a rule.
  private var headerRoom: Int { 64 }

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
