package import WireBytes

/// One report block (RFC 3550 section 6.4.1).
package struct ReportBlock: Sendable, Equatable {
  package var ssrc: SSRC
  /// In 256ths.
  package var fractionLost: UInt8
  /// 24 bits signed on the wire.
  package var cumulativeLost: Int32
  /// Extended by the number of wrap-arounds.
  package var highestSequence: UInt32
  /// In timestamp units.
  package var jitter: UInt32
  package var lastSR: UInt32
  /// In 1/65536 s.
  package var delaySinceLastSR: UInt32

  package init(
    ssrc: SSRC, fractionLost: UInt8, cumulativeLost: Int32, highestSequence: UInt32, jitter: UInt32, lastSR: UInt32,
    delaySinceLastSR: UInt32
  ) {
    self.ssrc = ssrc
    self.fractionLost = fractionLost
    self.cumulativeLost = cumulativeLost
    self.highestSequence = highestSequence
    self.jitter = jitter
    self.lastSR = lastSR
    self.delaySinceLastSR = delaySinceLastSR
  }
}

/// What a sender report says about its stream.
package struct SenderInfo: Sendable, Equatable {
  package var ntp: UInt64
  package var rtpTimestamp: UInt32
  package var packets: UInt32
  package var octets: UInt32

  package init(ntp: UInt64, rtpTimestamp: UInt32, packets: UInt32, octets: UInt32) {
    self.ntp = ntp
    self.rtpTimestamp = rtpTimestamp
    self.packets = packets
    self.octets = octets
  }
}

/// One packet of a compound.
package enum RTCPPacket: Sendable, Equatable {
  case senderReport(ssrc: SSRC, info: SenderInfo, blocks: [ReportBlock])
  case receiverReport(ssrc: SSRC, blocks: [ReportBlock])
  /// Generic NACK (RFC 4585 section 6.2.1).
  case nack(sender: SSRC, media: SSRC, lost: [UInt16])
  /// Picture loss indication (RFC 4585 section 6.3.1).
  case pli(sender: SSRC, media: SSRC)
  /// Full intra request (RFC 5104 section 4.3.1).
  case fir(sender: SSRC, media: [SSRC])
  /// Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb).
  case remb(sender: SSRC, bitrate: UInt64, ssrcs: [SSRC])
  case transportFeedback(sender: SSRC, media: SSRC)
  case sdes
  case bye([SSRC])
  case unknown(type: UInt8, fmt: UInt8)
}
