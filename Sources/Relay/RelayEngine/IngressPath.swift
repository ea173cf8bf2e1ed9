import Forwarding
import RTP
import SDP
import SRTP
import Signaling
package import WireBytes

/// SRTP in: from datagram to fan-out.
extension ShardEngine {
  func receiveRTP(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let peer = peers[endpoint] else { return drop(slot, .unknownEndpoint) }
    guard let receiver = hopReceiver(of: peer, from: endpoint, at: now, into: batch) else {
      return drop(slot, .srtpBeforeDTLS)
    }
    let length = slab.length(of: slot)
    do throws(SRTPError) {
      let opened = try slab.edit(slot) { (bytes) throws(SRTPError) in try receiver.unprotectRTP(&bytes, length: length)
      }
      slab.setLength(opened, of: slot)
    } catch {
      return drop(slot, Self.dropReason(error))
    }
    if let reason = accept(slot, from: peer, at: now, into: batch) { drop(slot, reason) }
  }

  static func dropReason(_ error: SRTPError) -> DropReason {
    switch error {
    case .authenticationFailed: .srtpAuthentication
    case .replayed, .replayTooOld: .srtpReplay
    default: .srtpInvalid
    }
  }

  /// Parses a hop-decrypted packet, finds its track and puts it into the burst, which then owns the slot. Returns why it
  /// was not used, if so.
  private func accept(
    _ slot: PacketSlot, from peer: Peer, at now: MonotonicInstant, into batch: EgressBatch
  ) -> DropReason? {
    let header: RTPHeader
    let extensions: HeaderExtensions
    do throws(RTPError) {
      header = try slab.read(slot) { (bytes) throws(RTPError) in try RTPHeader(parsing: bytes) }
      extensions = try slab.read(slot) { (bytes) throws(RTPError) in
        try HeaderExtensions(scanning: bytes, header: header, ids: peer.ids)
      }
    } catch {
      return .rtpMalformed
    }
    let known = peer.route(of: header.ssrc)
    guard let route = known ?? learnRoute(slot, header, extensions, of: peer, at: now, into: batch) else {
      return peer.announced.isEmpty ? .notPublished : .unknownSSRC
    }
    var begins = known == nil
    defer { if begins { streamBegan(route.track, encoding: route.encoding, at: now, into: batch) } }
    let track = route.track
    let encoding = track.encodings[route.encoding]
    var primary = header
    var payloadStart = header.headerLength
    if route.isRetransmission {
      guard header.payloadType == track.codec.rtxPayloadType else { return .wrongPayloadType }
      guard header.payloadEnd - header.headerLength > 2 else { return .paddingOnly }
      do throws(RTPError) {
        primary.sequenceNumber = try slab.read(slot) { (bytes) throws(RTPError) in
          try RTX.originalSequence(of: bytes, header: header)
        }
      } catch {
        return .rtpMalformed
      }
      primary.payloadType = track.codec.payloadType
      if let ssrc = encoding.ssrc { primary.ssrc = ssrc }
      payloadStart += 2
      counters.rtxReceived &+= 1
    } else {
      guard header.payloadType == track.codec.payloadType else { return .wrongPayloadType }
      encoding.statistics.received(
        sequence: header.sequenceNumber, timestamp: header.timestamp, clockRate: track.codec.clockRate,
        bytes: header.payloadEnd - header.headerLength, at: now)
    }
    encoding.lastPacketAt = now
    keepReporting(to: peer, at: now)
    encoding.missing.received(primary.sequenceNumber, at: now)
    arm(peer, by: encoding.missing.nextDeadline)
    guard header.payloadEnd > payloadStart else {
      closeGap(primary.sequenceNumber, in: track, encoding: route.encoding, at: now, into: batch)
      return .paddingOnly
    }
    if !route.isRetransmission, encoding.pulse.beat(at: now) { begins = true }
    return addToBurst(
      slot, primary, extensions, payloadStart: payloadStart, track: track, encoding: route.encoding, at: now,
      into: batch)
  }

  /// The first packet of an encoding came, or the first after a silence, and is in the burst unless it was refused. If
  /// decoders cannot start with it, those that wait need a key frame.
  func streamBegan(_ track: IngressTrack, encoding: Int, at now: MonotonicInstant, into batch: EgressBatch) {
    if case .peer(let publisher) = track.source { hastenReports(to: publisher, at: now) }
    if burst.track === track, burst.encoding == encoding, let latest = burst.latest, latest.startsStream { return }
    forwardBurst(into: batch)
    requestAwaitedKeyFrame(of: track, encoding: encoding, at: now, into: batch)
  }

  /// Puts a packet into the burst, which owns the slot from then on, unless a reason is returned.
  func addToBurst(
    _ slot: PacketSlot, _ header: RTPHeader, _ extensions: HeaderExtensions, payloadStart: Int, track: IngressTrack,
    encoding index: Int, at now: MonotonicInstant, into batch: EgressBatch
  ) -> DropReason? {
    let encoding = track.encodings[index]
    var descriptor: DependencyDescriptor?
    var audioLevel: UInt8?
    if track.kind == .video {
      // Frame boundaries and layers come from the descriptor alone, since the payload is sealed (DESIGN section 7).
      guard !extensions.dependencyDescriptor.isEmpty else {
        refuse(track)
        return .missingDependencyDescriptor
      }
      do throws(RTPError) {
        descriptor = try slab.read(slot) { (bytes) throws(RTPError) in
          try DependencyDescriptor(parsing: bytes.extracting(extensions.dependencyDescriptor))
        }
      } catch {
        return .rtpMalformed
      }
      // Only its first packet lets subscribers in, so a key frame whose first packet was lost is none.
      if let descriptor, descriptor.hasStructure, descriptor.startOfFrame {
        encoding.keyframes.arrived(at: now)
        encoding.linkedRequest.answered()
        if track.encodings.count > 1 { encoding.height = height(in: slot, at: extensions.dependencyDescriptor) }
      }
    } else if !extensions.audioLevel.isEmpty {
      let level = slab.read(slot) { $0[extensions.audioLevel.lowerBound] }
      audioLevel = level
      heard(level & 0x7F, of: track, at: now)
    }
    slab.read(slot) { encoding.cache.store(sequence: header.sequenceNumber, packet: $0, at: now) }
    if burst.isFull || !burst.goesOn(with: track, encoding: index) { forwardBurst(into: batch) }
    burst.append(
      IngressPacket(
        slot: slot, marker: header.marker, sequenceNumber: header.sequenceNumber, timestamp: header.timestamp,
        payload: payloadStart..<header.payloadEnd, isRepair: payloadStart != header.headerLength,
        audioLevel: audioLevel, descriptorBytes: extensions.dependencyDescriptor, descriptor: descriptor,
        startsStream: descriptor.map { $0.startOfFrame && $0.hasStructure } ?? true),
      of: track, encoding: index, at: now)
    return nil
  }

  /// Sends what was collected on its way, in pieces. Called before anything that changes what the legs do, and when no
  /// more datagrams are at hand.
  package func forwardBurst(into batch: EgressBatch) {
    guard let track = burst.track else { return }
    let encoding = burst.encoding
    let now = burst.receivedAt
    // Held for the length of the loop: the legs in it are borrowed, not retained one by one.
    let legs = track.legs
    let piece = max(1, PacketBurst.copiesAtOnce / burst.count)
    var start = 0
    while start < legs.count {
      let end = min(legs.count, start + piece)
      for place in (start + 1 - LegPrefetch.stages)..<end {
        for stage in 1...LegPrefetch.stages {
          let ahead = place + LegPrefetch.stages - stage
          guard ahead < legs.count, ahead >= start, case .peer(let slot) = unsafe legs[ahead].borrowed else { continue }
          unsafe slot._withUnsafeGuaranteedRef { LegPrefetch.run(stage: stage, $0) }
        }
        guard place >= start else { continue }
        switch unsafe legs[place].borrowed {
        case .peer(let slot):
          unsafe slot._withUnsafeGuaranteedRef {
            forwardBurst(of: track, encoding: encoding, to: $0, at: now, into: batch)
          }
        case .shard(let shard):
          forwardBurst(of: track, encoding: encoding, toShard: shard, at: now, into: batch)
        }
      }
      start = end
      if start < legs.count { batch.letOut() }
    }
    withExtendedLifetime(legs) {}
    for index in 0..<burst.count { slab.release(burst[index].slot) }
    burst.removeAll()
  }

  /// The lines of a key frame's picture, as its descriptor says.
  private func height(in slot: PacketSlot, at range: Range<Int>) -> Int? {
    let structure = slab.read(slot) { try? DependencyStructure(parsing: $0.extracting(range)) }
    return structure?.resolutions.last?.height
  }

  /// A packet without payload is not forwarded: the legs' sequence numbers close over it.
  func closeGap(
    _ sequence: UInt16, in track: IngressTrack, encoding: Int, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    forwardBurst(into: batch)
    for leg in track.legs {
      switch leg {
      case .peer(let slot): if slot.currentEncoding == encoding { slot.sequence.drop(sequence) }
      case .shard(let shard): tellLink(.gap, sequence, of: track, encoding: encoding, shard: shard, at: now)
      }
    }
  }

  /// Refuses video that its sender does not seal as the room requires, and says so once.
  private func refuse(_ track: IngressTrack) {
    guard !track.refused, case .peer(let peer) = track.source else { return }
    track.refused = true
    broadcast(.notice(Notice(code: .e2eeRequired, member: track.member, track: track.id)), in: peer.room)
  }

  func heard(_ level: UInt8, of track: IngressTrack, at now: MonotonicInstant) {
    guard let home = track.room.home else {
      track.room.speakers.level(track.joinOrder, dBov: level, at: now)
      return arm(track.room)
    }
    // The home hears it in the packet, if it gets that.
    guard track.linkID != 0, !track.goes(toShard: home) else { return }
    tellLink(.level, UInt16(level), of: track, encoding: 0, shard: home, at: now)
  }

  /// A new SSRC has number spaces of its own: what was counted and cached under the old one means nothing for it.
  func restart(_ encoding: Encoding, at position: Int, of track: IngressTrack, at now: MonotonicInstant) {
    encoding.restart()
    for leg in track.legs {
      switch leg {
      case .peer(let slot): if slot.currentEncoding == position { slot.currentEncoding = nil }
      case .shard(let shard): tellLink(.restart, 0, of: track, encoding: position, shard: shard, at: now)
      }
    }
  }

  /// Binds an SSRC that the offer did not name to its track, by the mid and rid extensions (RFC 8843 section 9.2,
  /// RFC 8852 section 3).
  private func learnRoute(
    _ slot: PacketSlot, _ header: RTPHeader, _ extensions: HeaderExtensions, of peer: Peer, at now: MonotonicInstant,
    into batch: EgressBatch
  ) -> IngressRoute? {
    forwardBurst(into: batch)
    let (mid, rid, repaired) = slab.read(slot) { bytes in
      (
        ShortText(bytes.extracting(extensions.mid)), ShortText(bytes.extracting(extensions.rid)),
        ShortText(bytes.extracting(extensions.repairedRid))
      )
    }
    guard let mid, mid.count > 0, let track = peer.tracks.first(where: { $0.mid == mid.string }) else { return nil }
    let named = [rid, repaired].compactMap { $0 }.first { $0.count > 0 }
    let position: Int? =
      track.encodings.count == 1 && named == nil ? 0 : track.encodings.firstIndex { $0.rid != nil && $0.rid == named }
    guard let position else { return nil }
    let encoding = track.encodings[position]
    let isRetransmission = header.payloadType == track.codec.rtxPayloadType
    // An SSRC that changes under the same rid replaces the old one: the client restarted its encoder.
    let old = isRetransmission ? encoding.rtxSSRC : encoding.ssrc
    peer.routes.removeAll { $0.ssrc == old }
    if isRetransmission {
      encoding.rtxSSRC = header.ssrc
    } else {
      if old != nil { restart(encoding, at: position, of: track, at: now) }
      encoding.ssrc = header.ssrc
    }
    let route = IngressRoute(ssrc: header.ssrc, track: track, encoding: position, isRetransmission: isRetransmission)
    peer.routes.append(route)
    return route
  }
}
