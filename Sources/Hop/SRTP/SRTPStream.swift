/// What is known of one SSRC: the packet indices used so far, of SRTP and of SRTCP.
struct SRTPStream {
  /// Rollover counters have 32 bits, so that an index has 48 (RFC 3711 section 3.3.1).
  static let indexLimit: UInt64 = 1 << 48

  let ssrc: UInt32
  /// 1024 packets: bursts of video with retransmissions from far back need more than the usual 128.
  var rtp = ReplayWindow<16>()
  var rtcp = ReplayWindow<2>()

  init(ssrc: UInt32) { self.ssrc = ssrc }

  /// The packet index that a sequence number stands for: the one nearest to the highest so far (RFC 3711 section 3.3.1
  /// and appendix A). A stream starts in its first cycle, whatever its first number; only behind the middle of that
  /// can a low number be one of the next.
  func index(of sequence: UInt16) -> UInt64 {
    let highest = rtp.highest
    let number = UInt64(sequence)
    guard highest > 0x8000 else { return number }
    let cycle = highest & ~0xFFFF
    let newest = highest & 0xFFFF
    if newest < 0x8000 { return number > newest + 0x8000 ? cycle - 0x1_0000 + number : cycle + number }
    return number < newest - 0x8000 ? cycle + 0x1_0000 + number : cycle + number
  }
}
