/// What a sender's Opus encoder makes of a silent microphone with discontinuous transmission (RFC 6716 section 2.1.9):
/// some packets more, and then one now and again that keeps the comfort noise of the others up to date.
package struct SilenceClip: Sendable {
  package struct Step: Sendable {
    package let packet: [UInt8]
    /// Until the next packet, in units of 20 ms.
    package let intervals: Int
  }

  /// libopus sends on for ten packets of silence, and one packet after each twenty that it leaves out.
  private static let (hangover, leftOut) = (10, 20)
  /// Ten seconds of silence.
  private static let rounds = 24

  /// The steps from the beginning of silence.
  package let steps: [Step]
  /// Those from here on repeat.
  package let loopStart: Int

  /// Nil when libopus cannot work.
  package init?() {
    guard let encoder = OpusEncoder20ms() else { return nil }
    let silence = [Int16](repeating: 0, count: OpusEncoder20ms.samplesPerPacket)
    var steps: [Step] = []
    for index in 0..<(Self.hangover + Self.rounds * (Self.leftOut + 1)) {
      let packet = encoder.encode(silence[...])
      guard !packet.isEmpty else { return nil }
      let round = (index - Self.hangover) % (Self.leftOut + 1)
      if index < Self.hangover {
        steps.append(Step(packet: packet, intervals: index == Self.hangover - 1 ? Self.leftOut + 1 : 1))
      } else if round == Self.leftOut {
        steps.append(Step(packet: packet, intervals: Self.leftOut + 1))
      }
    }
    self.steps = steps
    loopStart = Self.hangover
  }
}
