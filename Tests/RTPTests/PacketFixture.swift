import RTP
import WireBytes

/// Hand-assembled RTP packets.
enum PacketFixture {
  static let twelve: [UInt8] = [0x80, 0xE0, 0x12, 0x34, 0x00, 0x01, 0xE2, 0x40, 0xCA, 0xFE, 0xBA, 0xBE]

  /// Marker set, payload type 96, sequence 0x1234, timestamp 123456, SSRC 0xCAFEBABE, payload 1 2 3.
  static let plain = twelve + [1, 2, 3]

  /// Two CSRCs, a one-byte block of two words, payload 9 9, two bytes of padding.
  static let full: [UInt8] = {
    var packet = twelve
    packet[0] = 0xB2
    packet += [0, 0, 0, 1, 0, 0, 0, 2]
    packet += [0xBE, 0xDE, 0, 2] + [0x10, 0x30] + [0x00] + [0x22, 0x61, 0x62, 0x63] + [0x00]
    return packet + [9, 9] + [0, 2]
  }()

  /// A packet with one extension block, elements padded to whole words, and the payload `payload`.
  static func packet(profile: UInt16, elements: [UInt8], payload: [UInt8] = [7]) -> [UInt8] {
    var packet = twelve
    packet[0] = 0x90
    var padded = elements
    while padded.count % 4 != 0 { padded.append(0) }
    packet.append(u16: profile)
    packet.append(u16: UInt16(padded.count / 4))
    return packet + padded + payload
  }

  static func header(_ packet: [UInt8]) throws(RTPError) -> RTPHeader { try RTPHeader(parsing: packet.span) }

  static func extensions(_ packet: [UInt8], _ ids: HeaderExtensionIDs) throws(RTPError) -> HeaderExtensions {
    try HeaderExtensions(scanning: packet.span, header: header(packet), ids: ids)
  }

  static func ids(
    mid: UInt8 = 0, rid: UInt8 = 0, repairedRid: UInt8 = 0, audioLevel: UInt8 = 0, dependencyDescriptor: UInt8 = 0
  ) -> HeaderExtensionIDs {
    var ids = HeaderExtensionIDs()
    ids.mid = mid
    ids.rid = rid
    ids.repairedRid = repairedRid
    ids.audioLevel = audioLevel
    ids.dependencyDescriptor = dependencyDescriptor
    return ids
  }
}
