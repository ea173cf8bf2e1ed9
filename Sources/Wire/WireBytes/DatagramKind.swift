/// Which protocol a datagram belongs to, by its first byte (RFC 7983 section 7) and, for RTCP, its second
/// (RFC 5761 section 4).
///
/// ```
///                  +----------------+
///                  |        [0..3] -+--> STUN
///                  |      [20..63] -+--> DTLS
///   first byte --> |    [128..191] -+--> RTP, or RTCP when the second byte is 192..223
///                  |    all others -+--> dropped
///                  +----------------+
/// ```
package enum DatagramKind: Sendable, Equatable {
  case stun, dtls, rtp, rtcp, unknown

  @inlinable
  package init(_ datagram: Span<UInt8>) {
    guard datagram.count >= 2 else {
      self = .unknown
      return
    }
    switch datagram[0] {
    case 0...3: self = .stun
    case 20...63: self = .dtls
    case 128...191: self = (192...223).contains(datagram[1]) ? .rtcp : .rtp
    default: self = .unknown
    }
  }
}
