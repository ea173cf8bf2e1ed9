import CallKit
@testable import E2EKeys
import RTP
import SFrame
import Signaling
import WireBytes

/// A sealed frame that fits into one packet, as the relay sees it with the hop's encryption taken off.
struct SniffedFrame {
  /// Number of the member at the hop's other end.
  let member: Int
  /// What stands before the frame in the payload: a VP8 payload descriptor, or nothing.
  let front: [UInt8]
  /// SFrame header, ciphertext and tag.
  let bytes: [UInt8]
  let epoch: UInt32
  let joinIndex: UInt32
  let stream: MediaStream
  let counter: UInt64

  /// Nil for a part of a frame, and for a retransmission.
  init?(_ packet: HopPacket) {
    let payload = packet.payload
    guard packet.header.payloadType.rawValue != Self.retransmission, let first = payload.first else { return nil }
    // A key identifier with an epoch has at least five bytes, so the frame's first byte is C0 or more. A descriptor is
    // 10 in the packet that starts a frame.
    let front = first == 0x10 ? 1 : 0
    let bytes = Array(payload.dropFirst(front))
    guard bytes.first ?? 0 >= 0xC0, let header = try? SFrameHeader(parsing: bytes.span) else { return nil }
    let identifier = KeyIdentifier(kid: header.kid)
    guard let stream = MediaStream(rawValue: identifier.stream) else { return nil }
    guard (stream.source.kind == .video) == (front == 1) else { return nil }
    member = packet.member
    self.front = Array(payload.prefix(front))
    self.bytes = bytes
    (epoch, joinIndex, counter) = (identifier.epoch, identifier.joinIndex, header.ctr)
    self.stream = stream
  }

  /// As `ClientOffer` numbers it.
  private static let retransmission: UInt8 = 97
}
