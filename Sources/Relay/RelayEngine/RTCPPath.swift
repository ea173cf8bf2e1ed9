import DTLS
import Forwarding
import RTP
import SRTP
import Signaling
import WireBytes

/// RTCP in: reports of publishers, requests of subscribers.
extension ShardEngine {
  func receiveRTCP(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let peer = peers[endpoint] else { return drop(slot, .unknownEndpoint) }
    guard let receiver = hopReceiver(of: peer, from: endpoint, at: now, into: batch) else {
      return drop(slot, .srtpBeforeDTLS)
    }
    let length = slab.length(of: slot)
    do throws(SRTPError) {
      let opened = try slab.edit(slot) { (bytes) throws(SRTPError) in
        try receiver.unprotectRTCP(&bytes, length: length)
      }
      slab.setLength(opened, of: slot)
    } catch {
      return drop(slot, Self.dropReason(error))
    }
    settleHop(of: peer)
    var packets: [RTCPPacket] = []
    do throws(RTPError) {
      packets = try slab.read(slot) { (bytes) throws(RTPError) in
        var reader = RTCPReader(bytes)
        var found: [RTCPPacket] = []
        while let packet = try reader.next() { found.append(packet) }
        return found
      }
    } catch {
      return drop(slot, .rtcpMalformed)
    }
    slab.release(slot)
    for packet in packets { handle(packet, from: peer, at: now, into: batch) }
  }

  private func handle(_ packet: RTCPPacket, from peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    switch packet {
    case .senderReport(let ssrc, let info, _):
      guard let route = peer.route(of: ssrc), !route.isRetransmission else { return }
      route.track.encodings[route.encoding].statistics.senderReport(ntp: info.ntp, at: now)
    case .nack(_, let media, let lost):
      guard let leg = peer.slot(ssrc: media) else { return }
      retransmit(lost, in: leg, at: now, into: batch)
    case .pli(_, let media):
      counters.pliReceived &+= 1
      guard let leg = peer.slot(ssrc: media) else { return }
      requestKeyFrame(for: leg, at: now, into: batch)
    case .fir(_, let media):
      counters.pliReceived &+= 1
      for ssrc in media {
        if let leg = peer.slot(ssrc: ssrc) { requestKeyFrame(for: leg, at: now, into: batch) }
      }
    case .receiverReport, .remb, .transportFeedback, .sdes, .bye, .unknown:
      // Reports of subscribers carry nothing that version 1 decides by; their loss comes in as NACK and PLI.
      return
    }
  }

  /// Asks the publisher of what the leg carries for a key frame, at most one per window for all subscribers together.
  func requestKeyFrame(for leg: ReceiveSlot, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let track = leg.track, track.kind == .video, leg.targetEncoding < track.encodings.count else { return }
    requestKeyFrame(of: track, encoding: leg.currentEncoding ?? leg.targetEncoding, at: now, into: batch)
  }

  func requestKeyFrame(of track: IngressTrack, encoding index: Int, at now: MonotonicInstant, into batch: EgressBatch) {
    let encoding = track.encodings[index]
    guard case .peer(let publisher) = track.source else {
      return requestLinkedKeyFrame(of: track, encoding: index, at: now)
    }
    guard publisher.isMediaReady, encoding.ssrc != nil else { return }
    if encoding.keyframes.request(at: now) { sendPLI(for: encoding, to: publisher, into: batch) }
    arm(publisher)
  }

  /// Asks for what legs wait for since before the encoding's SSRC was known, or its publisher could be asked: if its
  /// first packet was no key frame, or that packet was lost, no other would come.
  func requestAwaitedKeyFrame(
    of track: IngressTrack, encoding index: Int, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    let isAwaited = track.legs.contains { leg in
      switch leg {
      case .peer(let slot): slot.targetEncoding == index && slot.isInNeedOfKeyFrame
      case .shard: track.encodings[index].linkedRequest.isRemembered
      }
    }
    if isAwaited { requestKeyFrame(of: track, encoding: index, at: now, into: batch) }
  }

  /// The key frame that a slot waits for, asked for if its subscriber can use it.
  func requestAwaitedKeyFrame(for slot: ReceiveSlot, at now: MonotonicInstant, into batch: EgressBatch) {
    guard slot.isInNeedOfKeyFrame, let track = slot.track else { return }
    hastenReports(to: slot.subscriber, at: now)
    requestKeyFrame(of: track, encoding: slot.targetEncoding, at: now, into: batch)
  }

  /// Key frames that a subscriber's slots wait for. Its media path, its epoch and its slots come in any order: it is
  /// with the last of them that they are asked for.
  func requestAwaitedKeyFrames(of peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    for slot in peer.slots { requestAwaitedKeyFrame(for: slot, at: now, into: batch) }
  }

  /// A member's media path is there, for the first time or again: what its slots wait for, and what others wait for of
  /// its own, can be asked for now.
  func mediaBecameReady(_ peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    guard peer.isMediaReady else { return }
    requestAwaitedKeyFrames(of: peer, at: now, into: batch)
    for track in peer.tracks where track.kind == .video {
      for index in track.encodings.indices { requestAwaitedKeyFrame(of: track, encoding: index, at: now, into: batch) }
    }
  }

  /// Key frames that were asked for and did not come, or came and were of no use, are asked for again, until they do.
  func remindOfKeyFrames(for peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    for slot in peer.slots where slot.isInNeedOfKeyFrame {
      guard let track = slot.track, !track.muted else { continue }
      switch track.source {
      case .peer: remind(of: track, encoding: slot.targetEncoding, at: now, into: batch)
      case .link(let source):
        // One for all who wait here; the publisher's shard makes one of those of all shards.
        let encoding = track.encodings[slot.targetEncoding]
        guard encoding.keyframes.remind(at: now) else { continue }
        send(.requestKeyFrame(source.id, encoding: slot.targetEncoding, isReminder: true), to: source.shard)
      }
    }
  }

  func remind(of track: IngressTrack, encoding index: Int, at now: MonotonicInstant, into batch: EgressBatch) {
    let encoding = track.encodings[index]
    guard case .peer(let publisher) = track.source, publisher.isMediaReady, encoding.ssrc != nil else { return }
    if encoding.keyframes.remind(at: now) { sendPLI(for: encoding, to: publisher, into: batch) }
  }
}
