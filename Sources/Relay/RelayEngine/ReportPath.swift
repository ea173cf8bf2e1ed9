import Forwarding
import RTP
import SDP
import SRTP
import Signaling
import WireBytes

/// RTCP out: reports, bandwidth limits, and requests to publishers.
extension ShardEngine {
  /// One RTCP datagram stays below the smallest path MTU that WebRTC assumes.
  private static let compoundLimit = 1100

  func expireMedia(of peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    guard peer.isMediaReady else {
      if peer.reports.next <= now { peer.reports.suspend() }
      if peer.nextLayerCheck <= now { watchLayers(of: peer, at: now) }
      return
    }
    for track in peer.tracks {
      for (index, encoding) in track.encodings.enumerated() {
        expire(encoding, at: index, of: track, from: peer, at: now, into: batch)
      }
    }
    if peer.nextLayerCheck <= now { checkLayers(of: peer, at: now, into: batch) }
    guard peer.reports.next <= now else { return }
    checkLinkedLayers(of: peer, at: now, into: batch)
    let waits = peer.slots.contains(where: \.isInNeedOfKeyFrame)
    if waits { remindOfKeyFrames(for: peer, at: now, into: batch) }
    let arrives = peer.hasArrivals(since: peer.lastReport)
    // Nothing to report on: the next packet, either way, or the next wish for a key frame begins the reports again. An
    // idle room has no timers of media but for pictures that do not come, and those of all its peers are one.
    guard arrives || peer.hasDepartures(since: peer.lastReport) else {
      peer.egress.reportsRest = true
      return peer.reports.rest(at: now, waits: waits, isLive: waits && awaitsLiveStream(peer, at: now))
    }
    peer.lastReport = now
    sendReports(to: peer, at: now, into: batch)
    // Streams of other shards that are sent in several encodings are looked after here as well.
    peer.reports.reported(at: now, isBusy: arrives || waits || peer.slots.contains(where: \.hasLinkedLayers))
  }

  private func awaitsLiveStream(_ peer: Peer, at now: MonotonicInstant) -> Bool {
    peer.slots.contains { slot in
      slot.isInNeedOfKeyFrame && (slot.track?.encodings[slot.targetEncoding].pulse.isLive(at: now) ?? false)
    }
  }

  /// A packet came from the peer or went to it.
  func keepReporting(to peer: Peer, at now: MonotonicInstant) {
    if peer.egress.reportsRest { hastenReports(to: peer, at: now) }
  }

  /// A stream of the peer's, or to it, begins or changes its source.
  func hastenReports(to peer: Peer, at now: MonotonicInstant) {
    peer.egress.reportsRest = false
    peer.reports.hasten(at: now)
    arm(peer, by: peer.reports.next)
  }

  private func expire(
    _ encoding: Encoding, at index: Int, of track: IngressTrack, from peer: Peer, at now: MonotonicInstant,
    into batch: EgressBatch
  ) {
    let lost = encoding.missing.due(at: now)
    if let ssrc = encoding.ssrc, !lost.isEmpty {
      counters.nackSent &+= UInt64(lost.count)
      var packet: [UInt8] = []
      RTCPWriter.nack(sender: peer.feedbackSSRC, media: ssrc, lost: lost, into: &packet)
      sendRTCP(packet, to: peer, into: batch)
    }
    if encoding.missing.needsKeyFrame {
      encoding.missing.needsKeyFrame = false
      if track.kind == .video { requestKeyFrame(of: track, encoding: index, at: now, into: batch) }
    }
    if encoding.keyframes.expire(at: now) { sendPLI(for: encoding, to: peer, into: batch) }
  }

  func sendPLI(for encoding: Encoding, to publisher: Peer, into batch: EgressBatch) {
    guard let ssrc = encoding.ssrc else { return }
    counters.pliSent &+= 1
    var packet: [UInt8] = []
    RTCPWriter.pli(sender: publisher.feedbackSSRC, media: ssrc, into: &packet)
    sendRTCP(packet, to: publisher, into: batch)
  }

  private func sendReports(to peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    var blocks: [ReportBlock] = []
    var videoSSRCs: [SSRC] = []
    var worstLoss = 0.0
    for track in peer.tracks {
      for encoding in track.encodings {
        guard let ssrc = encoding.ssrc else { continue }
        let (expected, lost) = (encoding.statistics.expected, encoding.statistics.lost)
        blocks.append(encoding.statistics.reportBlock(ssrc: ssrc, at: now))
        account(encoding, expectedBefore: expected, lostBefore: lost)
        worstLoss = max(worstLoss, encoding.statistics.fractionLostOfLastInterval)
        if track.kind == .video { videoSSRCs.append(ssrc) }
      }
    }
    var compound: [UInt8] = []
    let hasSenderReports = peer.reports.takeSenderReports(at: now)
    for leg in peer.slots where leg.hasSent && hasSenderReports {
      guard let info = leg.sent.senderInfo(clock: clock, clockRate: leg.codec.clockRate, at: now) else { continue }
      RTCPWriter.senderReport(ssrc: leg.ssrc, info: info, blocks: [], into: &compound)
      RTCPWriter.sdes(ssrc: leg.ssrc, cname: leg.track?.member.text ?? peer.member.text, into: &compound)
      if compound.count > Self.compoundLimit { flush(&compound, to: peer, into: batch) }
    }
    if !blocks.isEmpty {
      // At most 31 blocks fit in one report (the five-bit count of RFC 3550 section 6.4.1).
      RTCPWriter.receiverReport(ssrc: peer.feedbackSSRC, blocks: Array(blocks.prefix(31)), into: &compound)
      RTCPWriter.sdes(ssrc: peer.feedbackSSRC, cname: "sfu", into: &compound)
    }
    if !videoSSRCs.isEmpty {
      // The limit is for a track, whatever number of simulcast encodings share it.
      let videoTracks = peer.tracks.count { $0.kind == .video }
      peer.remb.report(fractionLost: worstLoss, at: now)
      RTCPWriter.remb(
        sender: peer.feedbackSSRC, bitrate: peer.remb.bitrate * UInt64(videoTracks), ssrcs: videoSSRCs,
        into: &compound)
    }
    flush(&compound, to: peer, into: batch)
    if !blocks.isEmpty { announce(worstLoss > 0.1 ? .poor : worstLoss > 0.03 ? .fair : .good, of: peer) }
  }

  private func account(_ encoding: Encoding, expectedBefore expected: Int64, lostBefore lost: Int64) {
    counters.rtpExpected &+= UInt64(max(0, expected - encoding.accountedExpected))
    counters.rtpLost &+= UInt64(max(0, lost - encoding.accountedLost))
    encoding.accountedExpected = expected
    encoding.accountedLost = max(lost, encoding.accountedLost)
    counters.rtpJitter.observe(encoding.statistics.jitterSeconds)
  }

  private func flush(_ compound: inout [UInt8], to peer: Peer, into batch: EgressBatch) {
    guard !compound.isEmpty else { return }
    sendRTCP(compound, to: peer, into: batch)
    compound.removeAll(keepingCapacity: true)
  }

  func sendRTCP(_ packet: [UInt8], to peer: Peer, into batch: EgressBatch) {
    guard let endpoint = peer.endpoint, let sender = peer.sender,
      packet.count + Self.protectionRoom <= PacketSlab.slotSize
    else { return }
    guard let slot = slab.take() else { return counters.drop(.slabExhausted) }
    slab.fill(slot, with: packet)
    do throws(SRTPError) {
      let length = try slab.edit(slot) { (bytes) throws(SRTPError) in
        try sender.protectRTCP(&bytes, length: packet.count)
      }
      slab.setLength(length, of: slot)
      send(slot, to: endpoint, into: batch)
    } catch {
      drop(slot, .protectFailed)
    }
  }
}
