package import WireBytes

/// The header of one RTP packet (RFC 3550 section 5.1), parsed once; offsets count from the packet's start.
package struct RTPHeader: Sendable {
  /// The form of the header extension block (RFC 8285).
  package enum ExtensionForm: Sendable { case none, oneByte, twoByte }

  package var marker: Bool
  package var payloadType: PayloadType
  package var sequenceNumber: UInt16
  package var timestamp: UInt32
  package var ssrc: SSRC
  /// The payload starts here, behind CSRCs and extension block.
  package let headerLength: Int
  /// Where the payload ends, padding left out; equal to `headerLength` for a packet of padding alone.
  package let payloadEnd: Int
  package let extensionForm: ExtensionForm
  /// The extension elements, without the block's own header.
  package let extensionRange: Range<Int>

  package init(parsing packet: Span<UInt8>) throws(RTPError) {
    guard packet.count >= 12 else { throw .truncated }
    let first = packet[0]
    guard first >> 6 == 2 else { throw .badVersion }
    marker = packet[1] & 0x80 != 0
    payloadType = PayloadType(packet[1] & 0x7F)
    sequenceNumber = packet.u16(at: 2)
    timestamp = packet.u32(at: 4)
    ssrc = SSRC(packet.u32(at: 8))
    var offset = 12 + 4 * Int(first & 0x0F)
    var form = ExtensionForm.none
    var range = offset..<offset
    if first & 0x10 != 0 {
      guard packet.count >= offset + 4 else { throw .truncated }
      let profile = packet.u16(at: offset)
      let length = 4 * Int(packet.u16(at: offset + 2))
      offset += 4
      guard packet.count >= offset + length else { throw .truncated }
      range = offset..<(offset + length)
      form = profile == 0xBEDE ? .oneByte : profile & 0xFFF0 == 0x1000 ? .twoByte : .none
      offset += length
    }
    guard packet.count >= offset else { throw .truncated }
    var end = packet.count
    if first & 0x20 != 0 {
      let padding = Int(packet[packet.count - 1])
      guard padding > 0, packet.count - padding >= offset else { throw .badPadding }
      end -= padding
    }
    headerLength = offset
    payloadEnd = end
    extensionForm = form
    extensionRange = range
  }
}
