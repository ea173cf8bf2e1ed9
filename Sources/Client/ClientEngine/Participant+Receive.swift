import E2EKeys
import RTP
import SFrame
import SRTP
import Signaling
import WireBytes

/// Media in: unprotect, repair, assemble, open.
extension Participant {
  func receiveRTP(_ slot: PacketSlot, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let receiver else { return counters.datagramsDropped &+= 1 }
    let length = slab.length(of: slot)
    do throws(SRTPError) {
      let opened = try slab.edit(slot) { (bytes) throws(SRTPError) in try receiver.unprotectRTP(&bytes, length: length)
      }
      slab.setLength(opened, of: slot)
    } catch {
      if error == .replayed { counters.duplicates &+= 1 } else { counters.datagramsDropped &+= 1 }
      return
    }
    guard let (track, packet) = parse(slot, at: now) else { return counters.datagramsDropped &+= 1 }
    counters.packetsReceived &+= 1
    track.isActive = true
    // Without a retransmission stream the relay has no way to send a packet again, so there is nothing to ask for.
    if track.rtxPayloadType != nil { track.missing.received(packet.sequence, at: now) }
    guard track.assembler.insert(packet) == .stored else { return counters.duplicates &+= 1 }
    let frames = track.assembler.advance()
    deliver(frames, of: track, at: now)
    afterProgress(of: track, at: now, into: batch)
  }

  /// Reads a packet and finds its slot; nil when it belongs to none.
  private func parse(_ slot: PacketSlot, at now: MonotonicInstant) -> (ReceiveTrack, MediaPacket)? {
    guard let header = slab.read(slot, { try? RTPHeader(parsing: $0) }), let route = routes[header.ssrc] else {
      return nil
    }
    let track = route.track
    let ids = extensionIDs
    guard let extensions = slab.read(slot, { try? HeaderExtensions(scanning: $0, header: header, ids: ids) }) else {
      return nil
    }
    var sequence = header.sequenceNumber
    var start = header.headerLength
    if route.isRetransmission {
      guard header.payloadType == track.rtxPayloadType,
        let original = slab.read(slot, { try? RTX.originalSequence(of: $0, header: header) })
      else { return nil }
      sequence = original
      start += 2
      counters.retransmissionsReceived &+= 1
    } else {
      guard header.payloadType == track.payloadType else { return nil }
    }
    let extended = track.sequences.extend(sequence)
    if !route.isRetransmission {
      track.reception.received(sequence: extended, timestamp: header.timestamp, at: now)
    }
    guard header.payloadEnd > start else {
      return (
        track,
        MediaPacket(
          sequence: extended, timestamp: header.timestamp, startsFrame: false, endsFrame: false, isKeyFrame: false,
          payload: [], arrivedAt: now)
      )
    }
    guard track.kind == .video else {
      let payload = slab.read(slot) { $0.extracting(start..<header.payloadEnd).toArray() }
      return (
        track,
        MediaPacket(
          sequence: extended, timestamp: header.timestamp, startsFrame: true, endsFrame: true, isKeyFrame: false,
          payload: payload, arrivedAt: now)
      )
    }
    let packet: MediaPacket? = slab.read(slot) { bytes in
      let payload = bytes.extracting(start..<header.payloadEnd)
      guard
        let descriptor = try? DependencyDescriptor(
          parsing: bytes.extracting(extensions.dependencyDescriptor)),
        let skipped = VP8PayloadDescriptor.length(in: payload)
      else { return nil }
      return MediaPacket(
        sequence: extended, timestamp: header.timestamp, startsFrame: descriptor.startOfFrame,
        endsFrame: descriptor.endOfFrame, isKeyFrame: descriptor.hasStructure,
        payload: payload.extracting(skipped..<payload.count).toArray(), arrivedAt: now)
    }
    return packet.map { (track, $0) }
  }

  /// Opens frames in turn; those behind a frame that waits for its key wait with it.
  func deliver(_ frames: [AssembledFrame], of track: ReceiveTrack, at now: MonotonicInstant) {
    for frame in frames {
      guard let epoch = Self.epoch(of: frame) else {
        failed(.malformed, track)
        continue
      }
      if !track.parked.isEmpty || isAhead(epoch) {
        keys.requestKey(ofFrame: frame.payload, at: now)
        for _ in 0..<track.park(frame, epoch: epoch) { unopened(.unknownKey, epoch: epoch, track) }
      } else {
        open(frame, epoch: epoch, of: track, at: now)
      }
    }
  }

  /// Whether a frame's key may still come.
  private func isAhead(_ epoch: UInt32) -> Bool { lastKnownEpoch.map { epoch > $0 } ?? true }

  private static func epoch(of frame: AssembledFrame) -> UInt32? {
    guard let header = try? SFrameHeader(parsing: frame.payload.span) else { return nil }
    return UInt32(truncatingIfNeeded: header.kid >> 32)
  }

  private func open(_ frame: AssembledFrame, epoch: UInt32, of track: ReceiveTrack, at now: MonotonicInstant) {
    let opened: OpenedFrame
    do throws(E2EError) { opened = try keys.open(frame.payload, at: now) } catch {
      return unopened(error, epoch: epoch, track)
    }
    counters.framesReceived &+= 1
    if frame.isKeyFrame { counters.keyFramesReceived &+= 1 }
    events.append(
      .frame(
        ReceivedFrame(
          member: opened.member, stream: opened.stream, epoch: opened.epoch, counter: opened.counter,
          plaintext: opened.plaintext, rtpTimestamp: frame.timestamp, isKeyFrame: frame.isKeyFrame,
          receivedAt: frame.arrivedAt, mid: track.mid)))
  }

  private func unopened(_ error: E2EError, epoch: UInt32, _ track: ReceiveTrack) {
    switch error {
    case .replayed: counters.framesReplayed &+= 1
    case .departedKey: counters.framesNotForUs &+= 1
    case .unknownKey where firstEpoch.map({ epoch < $0 }) ?? true:
      counters.framesNotForUs &+= 1
      track.assembler.requireKeyFrame()
    default: failed(error, track)
    }
  }

  private func failed(_ error: E2EError, _ track: ReceiveTrack) {
    counters.decryptFailuresByCause[error, default: 0] += 1
    track.assembler.requireKeyFrame()
  }

  /// Keys came: what waited for them is opened now, in order. What no key can come for any more has failed.
  func openParked(at now: MonotonicInstant, into batch: EgressBatch) {
    for track in receiveTracks where !track.parked.isEmpty {
      openParked(of: track, at: now)
      afterProgress(of: track, at: now, into: batch)
    }
  }

  private func openParked(of track: ReceiveTrack, at now: MonotonicInstant) {
    var waiting: [ReceiveTrack.ParkedFrame] = []
    for parked in track.takeParked() {
      if track.isExpired(parked, at: now) {
        unopened(.unknownKey, epoch: parked.epoch, track)
      } else if !waiting.isEmpty || isAhead(parked.epoch) {
        waiting.append(parked)
      } else {
        open(parked.frame, epoch: parked.epoch, of: track, at: now)
      }
    }
    track.putBack(waiting)
  }

  /// The common end of everything that moves a receive track on.
  private func afterProgress(of track: ReceiveTrack, at now: MonotonicInstant, into batch: EgressBatch) {
    if let next = track.assembler.next { track.missing.forget(before: next) }
    if keys.sendingEpoch != nil, track.takeKeyFrameRequest(at: now) {
      counters.keyFrameRequestsSent &+= 1
      var packet: [UInt8] = []
      RTCPWriter.pli(sender: feedbackSSRC, media: track.ssrc, into: &packet)
      sendRTCP(packet, into: batch)
    }
    receiveDeadline = min(
      receiveDeadline, track.nextDeadline(mayRequestKeyFrames: keys.sendingEpoch != nil))
    // A frame that did not open may have asked for its key.
    if keys.hasActions { handleKeyActions(at: now, into: batch) }
  }

  func expireReceiveTracks(at now: MonotonicInstant, into batch: EgressBatch) {
    receiveDeadline = .never
    for track in receiveTracks {
      let lost = track.missing.due(at: now, roundTrip: roundTrip)
      if !lost.isEmpty {
        counters.nacksSent &+= UInt64(lost.count)
        var packet: [UInt8] = []
        RTCPWriter.nack(sender: feedbackSSRC, media: track.ssrc, lost: lost, into: &packet)
        sendRTCP(packet, into: batch)
      }
      let before = track.assembler.incompleteFrames + track.assembler.undecodableFrames
      let frames = track.assembler.expire(at: now)
      let missing = track.assembler.incompleteFrames + track.assembler.undecodableFrames - before
      if missing > 0 { events.append(.framesMissing(mid: track.mid, count: missing)) }
      deliver(frames, of: track, at: now)
      if let first = track.parked.first, track.isExpired(first, at: now) { openParked(of: track, at: now) }
      afterProgress(of: track, at: now, into: batch)
    }
  }

  /// The relay says what the slots carry. Where that changed, nothing that is missing will come.
  func assigned(_ assignments: SlotAssignments, at now: MonotonicInstant, into batch: EgressBatch) {
    for slot in assignments.slots {
      guard let track = receiveTracks.first(where: { $0.mid == slot.mid }) else { continue }
      var assignment: TrackReference?
      if let member = slot.member, let id = slot.track { assignment = TrackReference(member: member, track: id) }
      guard assignment != track.assignment else { continue }
      if track.assignment != nil {
        track.missing.forgetAll()
        deliver(track.assembler.giveUpGaps(), of: track, at: now)
        afterProgress(of: track, at: now, into: batch)
      }
      track.assignment = assignment
    }
    events.append(.slots(assignments))
  }
}
