/// The VP8 payload descriptor in front of each packet's part of a frame (RFC 7741 section 4.2).
///
/// The frame behind it is sealed as a whole, so the descriptor is all a packet shows of VP8: whether a frame starts
/// here. Written in its one-byte form; read in every form, for browsers add picture ids and layer indexes.
package enum VP8PayloadDescriptor {
  private static let extended: UInt8 = 0x80
  private static let startOfPartition: UInt8 = 0x10

  /// The one-byte descriptor of a packet: partition 0, nothing else said.
  package static func byte(startOfFrame: Bool) -> UInt8 { startOfFrame ? startOfPartition : 0 }

  /// The descriptor's length; nil when the payload ends inside it.
  package static func length(in payload: Span<UInt8>) -> Int? {
    guard payload.count >= 1 else { return nil }
    guard payload[0] & extended != 0 else { return 1 }
    guard payload.count >= 2 else { return nil }
    let flags = payload[1]
    var length = 2
    if flags & 0x80 != 0 {
      guard payload.count > length else { return nil }
      // The picture id has 7 bits, or 15 when its first bit is set.
      length += payload[length] & 0x80 != 0 ? 2 : 1
    }
    if flags & 0x40 != 0 { length += 1 }
    if flags & 0x30 != 0 { length += 1 }
    return length <= payload.count ? length : nil
  }
}
