/// What a sender's Opus encoder makes of a silent microphone with discontinuous transmission (RFC 6716 section 2.1.9):
/// some packets more, and then one now and again that keeps the comfort noise of the others up to date.
package struct SilenceClip: Sendable {
  package struct Step: Sendable {
    package let packet: [UInt8]
    /// Until the next packet, in units of 20 ms.
    package let intervals: Int
  }

  /// Units of 20 ms: long enough that the packets that repeat are those of steady silence.
  private static let length = 600

  /// The steps from the beginning of silence.
  package let steps: [Step]
  /// Those from here on repeat.
  package let loopStart: Int

  /// Nil when libopus cannot work.
  package init?() {
    guard let encoder = OpusEncoder20ms(leavesOutSilence: true) else { return nil }
    let silence = [Int16](repeating: 0, count: OpusEncoder20ms.samplesPerPacket)
    var sent: [(index: Int, packet: [UInt8])] = []
    for index in 0..<Self.length {
      let packet = encoder.encode(silence[...])
      guard !packet.isEmpty else { return nil }
      if packet.count > OpusEncoder20ms.unsentSize { sent.append((index, packet)) }
    }
    // The last one's successor is beyond the end.
    steps = zip(sent, sent.dropFirst()).map {
      Step(packet: $0.packet, intervals: $1.index - $0.index)
    }
    guard let first = steps.firstIndex(where: { $0.intervals > 1 }) else { return nil }
    loopStart = first
  }
}
