/// One participant's microphone: speech while it is its turn, and what the encoder makes of silence otherwise.
package struct SpeechSource: Sendable {
  package struct Step: Sendable {
    package let packet: [UInt8]
    /// As in RFC 6464.
    package let level: UInt8
    /// Until the next packet, in units of 20 ms.
    package let intervals: Int
  }

  private static let silentLevel: UInt8 = 127

  private let clip: AudioClip
  private let silence: SilenceClip?
  private var position: Int
  private var silentSteps = 0

  /// `offset`: where in the clip this participant starts. Without `silence` it always talks.
  package init(_ clip: AudioClip, silence: SilenceClip?, offset: Int) {
    self.clip = clip
    self.silence = silence
    position = offset % clip.packets.count
  }

  package mutating func next(isTalking: Bool) -> Step {
    if !isTalking, let silence {
      let step = silence.steps[silentSteps]
      silentSteps = silentSteps + 1 < silence.steps.count ? silentSteps + 1 : silence.loopStart
      return Step(packet: step.packet, level: Self.silentLevel, intervals: step.intervals)
    }
    silentSteps = 0
    defer { position = (position + 1) % clip.packets.count }
    return Step(packet: clip.packets[position], level: clip.levels[position], intervals: 1)
  }
}
