import SRTP
import TestKit
import WireBytes

/// Both ends of one direction, and packets to send over it.
struct SRTPFixture {
  let sender: SRTPSender
  let receiver: SRTPReceiver

  init(_ profile: SRTPProfile) throws {
    let key = (0..<profile.keyLength).map { UInt8($0) }
    let salt = (0..<profile.saltLength).map { UInt8(0xA0 + $0) }
    sender = try SRTPSender(profile: profile, masterKey: key, masterSalt: salt)
    receiver = try SRTPReceiver(profile: profile, masterKey: key, masterSalt: salt)
  }

  /// An RTP packet; with `rich`, it has two CSRCs and an extension block.
  static func rtp(_ sequence: UInt16, ssrc: UInt32 = 0x1234_5678, payload: [UInt8], rich: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = [rich ? 0x92 : 0x80, 96]
    bytes.append(u16: sequence)
    bytes.append(u32: UInt32(sequence) &* 960)
    bytes.append(u32: ssrc)
    if rich {
      bytes.append(u32: 1)
      bytes.append(u32: 2)
      bytes += [0xBE, 0xDE, 0, 1, 0x10, 0x31, 0, 0]
    }
    return bytes + payload
  }

  /// A receiver report without blocks, followed by a PLI.
  static func rtcp(ssrc: UInt32 = 0x1234_5678) -> [UInt8] {
    var bytes: [UInt8] = [0x80, 201, 0, 1]
    bytes.append(u32: ssrc)
    bytes += [0x81, 206, 0, 2]
    bytes.append(u32: ssrc)
    bytes.append(u32: 99)
    return bytes
  }

  func seal(_ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    try Self.inPlace(packet, room: 32) { (span, length) throws(SRTPError) in
      try sender.protectRTP(&span, length: length)
    }
  }

  func open(_ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    try Self.inPlace(packet, room: 0) { (span, length) throws(SRTPError) in
      try receiver.unprotectRTP(&span, length: length)
    }
  }

  func sealRTCP(_ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    try Self.inPlace(packet, room: 32) { (span, length) throws(SRTPError) in
      try sender.protectRTCP(&span, length: length)
    }
  }

  func openRTCP(_ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    try Self.inPlace(packet, room: 0) { (span, length) throws(SRTPError) in
      try receiver.unprotectRTCP(&span, length: length)
    }
  }

  static func inPlace(
    _ packet: [UInt8], room: Int, _ body: (inout MutableSpan<UInt8>, Int) throws(SRTPError) -> Int
  ) throws(SRTPError) -> [UInt8] {
    var buffer = packet + [UInt8](repeating: 0, count: room)
    var span = buffer.mutableSpan
    let length = try body(&span, packet.count)
    return Array(buffer.prefix(length))
  }
}
