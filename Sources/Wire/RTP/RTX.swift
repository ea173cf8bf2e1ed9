import WireBytes

/// Retransmission payload (RFC 4588): the original sequence number, then the original payload.
package enum RTX {
  package static func originalSequence(of packet: Span<UInt8>, header: RTPHeader) throws(RTPError) -> UInt16 {
    guard header.payloadEnd - header.headerLength >= 2 else { throw .truncated }
    return packet.u16(at: header.headerLength)
  }
}
