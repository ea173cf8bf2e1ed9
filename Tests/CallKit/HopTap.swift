package import DTLS
package import RTP
package import SRTP
import WireBytes

/// A media packet between one member and the relay, without the hop's encryption.
package struct HopPacket {
  package enum Direction: Hashable { case toRelay, toMember }

  package let direction: Direction
  /// Number of the member.
  package let member: Int
  package let header: RTPHeader
  package let bytes: [UInt8]

  /// Behind the header: the sealed frame's part with its payload descriptor, in RTX with the original number in front.
  package var payload: [UInt8] { Array(bytes[header.headerLength..<header.payloadEnd]) }
  package var headerBytes: [UInt8] { Array(bytes[..<header.headerLength]) }
}

/// Sees, and may change, what the relay sees: media with the hop's encryption taken off and put on again.
///
/// It holds the keys of both directions, which in a test come from the member's own DTLS session.
package final class HopTap {
  private let fromMember: SRTPReceiver
  private let toRelay: SRTPSender
  private let fromRelay: SRTPReceiver
  private let toMember: SRTPSender

  /// Nil until the member's handshake is done.
  package init?(_ dtls: DTLSSession?, profile: SRTPProfile) throws {
    guard let dtls, dtls.isConnected else { return nil }
    // RFC 5764 section 4.2: client key, server key, client salt, server salt. The member is the DTLS client.
    let material = try dtls.exportKeyingMaterial()
    let (key, salt) = (profile.keyLength, profile.saltLength)
    let client = (key: Array(material[..<key]), salt: Array(material[(2 * key)..<(2 * key + salt)]))
    let server = (key: Array(material[key..<(2 * key)]), salt: Array(material[(2 * key + salt)..<(2 * key + 2 * salt)]))
    fromMember = try SRTPReceiver(profile: profile, masterKey: client.key, masterSalt: client.salt)
    toRelay = try SRTPSender(profile: profile, masterKey: client.key, masterSalt: client.salt)
    fromRelay = try SRTPReceiver(profile: profile, masterKey: server.key, masterSalt: server.salt)
    toMember = try SRTPSender(profile: profile, masterKey: server.key, masterSalt: server.salt)
  }

  /// The datagram as `change` wants it. One that cannot be opened passes as it is: not media, or seen before.
  package func pass(
    _ datagram: [UInt8], _ direction: HopPacket.Direction, member: Int, _ change: (HopPacket) -> [UInt8]?
  ) -> [UInt8] {
    var buffer = datagram + [UInt8](repeating: 0, count: 64)
    let receiver = direction == .toRelay ? fromMember : fromRelay
    var span = buffer.mutableSpan
    guard let length = try? receiver.unprotectRTP(&span, length: datagram.count) else { return datagram }
    let bytes = Array(buffer[..<length])
    guard let header = try? RTPHeader(parsing: bytes.span) else { return datagram }
    let packet = HopPacket(direction: direction, member: member, header: header, bytes: bytes)
    guard let payload = change(packet) else { return datagram }
    let plain = packet.headerBytes + payload + bytes[header.payloadEnd...]
    var changed = plain + [UInt8](repeating: 0, count: 64)
    var target = changed.mutableSpan
    let sender = direction == .toRelay ? toRelay : toMember
    guard let sealed = try? sender.protectRTP(&target, length: plain.count) else { return datagram }
    return Array(changed[..<sealed])
  }
}
