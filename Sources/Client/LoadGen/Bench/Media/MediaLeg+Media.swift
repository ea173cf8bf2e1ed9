import RTP
import SRTP
import WireBytes

/// Media packets and reports, out and in.
extension MediaLeg {
  func receiveRTP(_ slot: PacketSlot, at arrival: MonotonicInstant) {
    guard let receiver, slab.length(of: slot) >= 12 else { return tally.bad &+= 1 }
    let (type, sequence, timestamp, ssrc) = slab.read(slot) {
      ($0[1] & 0x7F, $0.u16(at: 2), $0.u32(at: 4), SSRC($0.u32(at: 8)))
    }
    guard !repairTypes.contains(type) else { return tally.retransmissionsReceived &+= 1 }
    tally.packetsReceived &+= 1
    tally.bytesReceived &+= UInt64(slab.length(of: slot))
    let place = places[ssrc] ?? addTally(ssrc, clockRate: type == 111 ? 48_000 : 90_000)
    tallies[place].received(sequence: sequence, timestamp: timestamp, at: arrival)
    guard tally.packetsReceived % Self.sampling == 0 || firstOpenedAt == nil else { return }
    let length = slab.length(of: slot)
    do throws(SRTPError) {
      let opened = try slab.edit(slot) { (bytes) throws(SRTPError) in
        try receiver.unprotectRTP(&bytes, length: length)
      }
      slab.setLength(opened, of: slot)
    } catch {
      return tally.bad &+= 1
    }
    guard let sentAt = slab.read(slot, { PacedStream.sentAt($0) }) else { return tally.bad &+= 1 }
    tally.opened &+= 1
    if firstOpenedAt == nil { firstOpenedAt = arrival }
    if measures { latency.add(Double(arrival.nanoseconds(since: sentAt)) / 1_000) }
  }

  private func addTally(_ ssrc: SSRC, clockRate: UInt32) -> Int {
    places[ssrc] = tallies.count
    tallies.append(StreamTally(ssrc: ssrc, clockRate: clockRate))
    return tallies.count - 1
  }

  func sendFrame(of index: Int, at now: MonotonicInstant) {
    guard let sender, let endpoint else { return }
    streams[index].sendFrame(at: now, slab: slab) { slot in
      guard let slot else { return tally.sendDrops &+= 1 }
      let length = slab.length(of: slot)
      do throws(SRTPError) {
        let sealed = try slab.edit(slot) { (bytes) throws(SRTPError) in
          try sender.protectRTP(&bytes, length: length)
        }
        slab.setLength(sealed, of: slot)
      } catch {
        slab.release(slot)
        return tally.sendDrops &+= 1
      }
      guard batch.append(slot, to: endpoint) else {
        slab.release(slot)
        return tally.sendDrops &+= 1
      }
      tally.packetsSent &+= 1
      tally.bytesSent &+= UInt64(slab.length(of: slot))
    }
  }

  func sendReports(at now: MonotonicInstant) {
    nextReport = now + Self.reportInterval
    for stream in streams where stream.packets > 0 {
      var report: [UInt8] = []
      let info = SenderInfo(
        ntp: clock.ntp(at: now), rtpTimestamp: stream.rtpTimestamp, packets: stream.packets, octets: stream.octets)
      RTCPWriter.senderReport(ssrc: stream.ssrc, info: info, blocks: [], into: &report)
      sendRTCP(report)
    }
    var blocks: [ReportBlock] = []
    for index in tallies.indices where tallies[index].isActive {
      blocks.append(tallies[index].reportBlock(at: now, clock: clock, roundTrip: Self.claimedRoundTrip))
    }
    // Five bits count the blocks of a report (RFC 3550 section 6.4.1).
    for start in stride(from: 0, to: blocks.count, by: 31) {
      var report: [UInt8] = []
      RTCPWriter.receiverReport(
        ssrc: local.audioSSRC, blocks: Array(blocks[start..<min(start + 31, blocks.count)]), into: &report)
      sendRTCP(report)
    }
  }

  private func sendRTCP(_ packet: [UInt8]) {
    guard let sender, let endpoint, let slot = slab.take() else { return tally.sendDrops &+= 1 }
    slab.fill(slot, with: packet)
    do throws(SRTPError) {
      let length = try slab.edit(slot) { (bytes) throws(SRTPError) in
        try sender.protectRTCP(&bytes, length: packet.count)
      }
      slab.setLength(length, of: slot)
    } catch {
      slab.release(slot)
      return tally.sendDrops &+= 1
    }
    if !batch.append(slot, to: endpoint) { slab.release(slot) }
  }
}
