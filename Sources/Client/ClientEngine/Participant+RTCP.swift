import RTP
import SRTP
import Signaling
import WireBytes

/// RTCP: reports both ways, requests of the relay.
extension Participant {
  /// Blocks in one report; five bits count them (RFC 3550 section 6.4.1).
  private static let blocksPerReport = 31
  /// What SRTCP adds: index and tag.
  private static let protectionRoom = 32

  func receiveRTCP(_ slot: PacketSlot, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let receiver else { return counters.datagramsDropped &+= 1 }
    let length = slab.length(of: slot)
    var packets: [RTCPPacket] = []
    do throws(SRTPError) {
      let opened = try slab.edit(slot) { (bytes) throws(SRTPError) in
        try receiver.unprotectRTCP(&bytes, length: length)
      }
      slab.setLength(opened, of: slot)
    } catch {
      return counters.datagramsDropped &+= 1
    }
    do throws(RTPError) {
      packets = try slab.read(slot) { (bytes) throws(RTPError) in
        var reader = RTCPReader(bytes)
        var found: [RTCPPacket] = []
        while let packet = try reader.next() { found.append(packet) }
        return found
      }
    } catch {
      return counters.datagramsDropped &+= 1
    }
    for packet in packets { handle(packet, at: now, into: batch) }
  }

  private func handle(_ packet: RTCPPacket, at now: MonotonicInstant, into batch: EgressBatch) {
    switch packet {
    case .senderReport(let ssrc, let info, let blocks):
      routes[ssrc]?.track.reception.senderReport(ntp: info.ntp, at: now)
      for block in blocks { handle(block, at: now) }
    case .receiverReport(_, let blocks):
      for block in blocks { handle(block, at: now) }
    case .nack(_, let media, let lost):
      guard let track = sendTracks.first(where: { $0.ssrc == media }) else { return }
      retransmit(lost, of: track, at: now, into: batch)
    case .pli(_, let media): keyFrameRequested(for: [media])
    case .fir(_, let media): keyFrameRequested(for: media)
    case .remb(_, let bitrate, _): events.append(.videoBitrateLimit(bitrate))
    case .transportFeedback, .sdes, .bye, .unknown: return
    }
  }

  private func keyFrameRequested(for media: [SSRC]) {
    guard sendTracks.contains(where: { $0.source.kind == .video && media.contains($0.ssrc) }) else { return }
    counters.keyFrameRequestsReceived &+= 1
    events.append(.keyFrameRequested)
  }

  private func handle(_ block: ReportBlock, at now: MonotonicInstant) {
    guard let track = sendTracks.first(where: { $0.ssrc == block.ssrc }) else { return }
    track.isReported = true
    guard block.lastSR != 0 else { return }
    // RFC 3550 section 6.4.1, in 1/65536 s.
    let middle = UInt32(truncatingIfNeeded: clock.ntp(at: now) >> 16)
    let elapsed = middle &- block.lastSR &- block.delaySinceLastSR
    guard elapsed < 0x8000_0000 else { return }
    roundTrip = TimeInterval(nanoseconds: max(1, UInt64(elapsed) * 1_000_000_000 / 65_536))
  }

  /// Reports on what is sent and what is received.
  func sendReports(at now: MonotonicInstant, into batch: EgressBatch) {
    // Half to one and a half of the interval, so that a room does not report in step (RFC 3550 section 6.2).
    let half = Self.reportInterval.nanoseconds / 2
    nextReport = now + TimeInterval(nanoseconds: half + UInt64(random.u16()) * Self.reportInterval.nanoseconds / 65_536)
    var compound: [UInt8] = []
    for track in sendTracks {
      guard let info = track.senderInfo(clock: clock, at: now) else { continue }
      RTCPWriter.senderReport(ssrc: track.ssrc, info: info, blocks: [], into: &compound)
      RTCPWriter.sdes(ssrc: track.ssrc, cname: member.text, into: &compound)
    }
    if !compound.isEmpty { sendRTCP(compound, into: batch) }
    var blocks: [ReportBlock] = []
    for track in receiveTracks where track.isActive {
      track.isActive = false
      blocks.append(track.reception.reportBlock(ssrc: track.ssrc, at: now))
    }
    var start = 0
    while start < blocks.count {
      let end = min(start + Self.blocksPerReport, blocks.count)
      var report: [UInt8] = []
      RTCPWriter.receiverReport(ssrc: feedbackSSRC, blocks: Array(blocks[start..<end]), into: &report)
      RTCPWriter.sdes(ssrc: feedbackSSRC, cname: member.text, into: &report)
      sendRTCP(report, into: batch)
      start = end
    }
  }

  func sendRTCP(_ packet: [UInt8], into batch: EgressBatch) {
    guard let sender, let relayEndpoint, packet.count + Self.protectionRoom <= PacketSlab.slotSize,
      let slot = slab.take()
    else { return counters.sendDrops &+= 1 }
    slab.fill(slot, with: packet)
    do throws(SRTPError) {
      let length = try slab.edit(slot) { (bytes) throws(SRTPError) in
        try sender.protectRTCP(&bytes, length: packet.count)
      }
      slab.setLength(length, of: slot)
      put(slot, to: relayEndpoint, into: batch)
    } catch {
      counters.sendDrops &+= 1
      slab.release(slot)
    }
  }
}
