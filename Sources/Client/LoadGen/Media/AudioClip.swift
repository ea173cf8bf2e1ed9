/// Opus packets that participants send in a loop.
///
/// A clip is encoded once, by the real encoder, and shared by all participants: 80 live encoders would measure libopus
/// and not the relay.
package struct AudioClip: Sendable {
  package let packets: [[UInt8]]
  /// Audio level of each packet for the RTP extension: 0 is loudest, 127 silence, in -dBov (RFC 6464).
  package let levels: [UInt8]
  package let preSkip: UInt16

  /// Nil when libopus cannot work.
  package init?(samples: [Int16]) {
    guard let encoder = OpusEncoder20ms() else { return nil }
    var packets: [[UInt8]] = []
    var levels: [UInt8] = []
    var start = 0
    while start + OpusEncoder20ms.samplesPerPacket <= samples.count {
      let block = samples[start..<(start + OpusEncoder20ms.samplesPerPacket)]
      let packet = encoder.encode(block)
      guard !packet.isEmpty else { return nil }
      packets.append(packet)
      levels.append(Self.level(of: block))
      start += OpusEncoder20ms.samplesPerPacket
    }
    guard !packets.isEmpty else { return nil }
    self.packets = packets
    self.levels = levels
    preSkip = encoder.lookahead
  }

  private static func level(of samples: ArraySlice<Int16>) -> UInt8 {
    var energy = 0.0
    for sample in samples { energy += Double(sample) * Double(sample) }
    let rms = (energy / Double(samples.count)).squareRoot() / 32_768
    guard rms > 0 else { return 127 }
    return UInt8(min(127, max(0, -20 * MathFunctions.log10(rms))))
  }
}
