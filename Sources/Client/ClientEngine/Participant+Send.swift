import E2EKeys
import RTP
import SFrame
import SRTP
import Signaling
package import WireBytes

/// Media out: seal, packetise, protect.
extension Participant {
  /// What header, retransmission and SRTP add to a payload, generously.
  private static let overhead = 128
  /// Larger frames are a mistake of the caller: at 1100 bytes a packet they would outrun the retransmission cache.
  private static let maximumFrame = 256 * 1024

  /// Seals and sends one Opus packet of `duration` samples at 48 kHz. `level` is the byte of RFC 6464, if the relay may
  /// know it. Returns what was sealed; nil while media is not ready.
  @discardableResult
  package func sendAudio(
    _ opus: [UInt8], duration: UInt32, level: UInt8?, at now: MonotonicInstant, into batch: EgressBatch
  ) -> SealedFrame? {
    guard let track = sendTracks.first(where: { $0.source == .microphone }) else { return nil }
    let timestamp = track.mediaTimestamp
    track.mediaTimestamp = timestamp &+ duration
    guard let frame = seal(opus, of: track) else { return nil }
    guard frame.bytes.count + Self.overhead <= PacketSlab.slotSize else {
      counters.sendDrops &+= 1
      return nil
    }
    let packet = track.record(
      timestamp: timestamp, marker: false, audioLevel: level, descriptor: [], payload: frame.bytes, at: now)
    if let header = track.header(of: packet, ids: extensionIDs) { transmit(packet, of: track, header, into: batch) }
    return frame
  }

  /// Seals and sends one video frame. Returns what was sealed; nil while media is not ready, and for a delta frame that
  /// no key frame has gone before.
  @discardableResult
  package func sendVideo(
    _ frame: [UInt8], isKeyFrame: Bool, timestamp90k: UInt32, at now: MonotonicInstant, into batch: EgressBatch
  ) -> SealedFrame? {
    guard let track = sendTracks.first(where: { $0.source == .camera }), isMediaReady else { return nil }
    guard isKeyFrame || track.hasSentKeyFrame else {
      events.append(.keyFrameRequested)
      return nil
    }
    guard frame.count <= Self.maximumFrame, let sealed = seal(frame, of: track) else { return nil }
    if isKeyFrame { track.hasSentKeyFrame = true }
    track.frameNumber &+= 1
    let payloads = FramePacketizer.packetize(sealed.bytes)
    for (index, payload) in payloads.enumerated() {
      let isLast = index == payloads.count - 1
      let descriptor = DependencyDescriptorWriter.write(
        startOfFrame: index == 0, endOfFrame: isLast, isKeyFrame: isKeyFrame, frameNumber: track.frameNumber,
        width: configuration.videoWidth, height: configuration.videoHeight)
      let packet = track.record(
        timestamp: timestamp90k, marker: isLast, audioLevel: nil, descriptor: descriptor, payload: payload, at: now)
      if let header = track.header(of: packet, ids: extensionIDs) { transmit(packet, of: track, header, into: batch) }
    }
    return sealed
  }

  private func seal(_ plaintext: [UInt8], of track: SendTrack) -> SealedFrame? {
    guard isMediaReady, track.payloadType != nil else { return nil }
    guard let bytes = try? keys.seal(plaintext, stream: track.stream),
      let header = try? SFrameHeader(parsing: bytes.span)
    else { return nil }
    counters.framesSent &+= 1
    return SealedFrame(
      stream: track.stream, epoch: UInt32(truncatingIfNeeded: header.kid >> 32), counter: header.ctr, bytes: bytes)
  }

  /// Answers a NACK from the cache.
  func retransmit(_ lost: [UInt16], of track: SendTrack, at now: MonotonicInstant, into batch: EgressBatch) {
    counters.nacksReceived &+= UInt64(lost.count)
    for sequence in lost {
      guard let packet = track.find(sequence, at: now) else { continue }
      if let header = track.repairHeader(of: packet, ids: extensionIDs) {
        transmit(packet, of: track, header, into: batch)
      } else {
        guard !packet.datagram.isEmpty, let relayEndpoint else { continue }
        send(packet.datagram, to: relayEndpoint, into: batch)
        counters.packetsSent &+= 1
        counters.bytesSent &+= UInt64(packet.datagram.count)
      }
      counters.retransmissionsSent &+= 1
    }
  }

  private func transmit(
    _ packet: SentPacket, of track: SendTrack, _ header: EgressHeader, into batch: EgressBatch
  ) {
    guard let sender, let relayEndpoint, let slot = slab.take() else { return counters.sendDrops &+= 1 }
    // A retransmission in a stream of its own carries the original sequence number in front (RFC 4588 section 4).
    let isRepair = header.ssrc != track.ssrc
    let length = slab.edit(slot) { bytes in
      var offset = header.write(into: &bytes, dependencyDescriptor: packet.descriptor.span)
      if isRepair {
        bytes.store(packet.sequence, at: offset)
        offset += 2
      }
      let payload = packet.payload.span
      for index in payload.indices { bytes[offset + index] = payload[index] }
      return offset + payload.count
    }
    do throws(SRTPError) {
      let sealed = try slab.edit(slot) { (bytes) throws(SRTPError) in try sender.protectRTP(&bytes, length: length) }
      slab.setLength(sealed, of: slot)
      counters.packetsSent &+= 1
      counters.bytesSent &+= UInt64(sealed)
      if !track.hasRetransmissionStream { track.keep(slab.read(slot) { $0.toArray() }, of: packet) }
      put(slot, to: relayEndpoint, into: batch)
    } catch {
      counters.sendDrops &+= 1
      slab.release(slot)
    }
  }
}
