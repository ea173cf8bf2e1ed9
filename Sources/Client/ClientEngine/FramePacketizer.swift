/// Cuts a sealed video frame into packet payloads.
package enum FramePacketizer {
  /// Sealed bytes per packet at most. With the descriptors, RTP header, SRTP tag and what RTX adds, a datagram stays
  /// below 1200 bytes, which QUIC too relies on every path to take (RFC 9000 section 14).
  package static let maximumFragment = 1100

  /// Payloads of one frame, each a VP8 payload descriptor and a part. All but the last have the same length, so that a
  /// sender can hand them to the kernel as one run.
  package static func packetize(_ sealed: [UInt8]) -> [[UInt8]] {
    let count = max(1, (sealed.count + maximumFragment - 1) / maximumFragment)
    let size = (sealed.count + count - 1) / count
    var payloads = [[UInt8]]()
    payloads.reserveCapacity(count)
    var start = 0
    for index in 0..<count {
      let end = min(start + size, sealed.count)
      var payload = [UInt8]()
      payload.reserveCapacity(end - start + 1)
      payload.append(VP8PayloadDescriptor.byte(startOfFrame: index == 0))
      payload += sealed[start..<end]
      payloads.append(payload)
      start = end
    }
    return payloads
  }
}
