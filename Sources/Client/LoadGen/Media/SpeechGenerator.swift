/// Sound with the shape of speech: syllables of a pitched tone with harmonics, pauses between phrases, a little noise.
///
/// It gives the encoder what speech gives it (changing sizes, voice and silence); nobody is meant to understand it.
package enum SpeechGenerator {
  /// `seconds` of mono samples at 48 kHz, different for each seed.
  package static func samples(seconds: Int, seed: UInt64) -> [Int16] {
    var random = SplitMix64(seed: seed)
    let pitch = 90 + Double(random.next() % 140)
    var output: [Int16] = []
    output.reserveCapacity(seconds * 48_000)
    var phase = 0.0
    while output.count < seconds * 48_000 {
      let voiced = random.next() % 5 != 0
      let length = 4_800 + Int(random.next() % 9_600)
      let step = (pitch * (0.9 + Double(random.next() % 200) / 1_000)) / 48_000
      for index in 0..<min(length, seconds * 48_000 - output.count) {
        phase += step
        let envelope = voiced ? MathFunctions.sin(.pi * Double(index) / Double(length)) : 0
        let tone =
          MathFunctions.sin(2 * .pi * phase) + 0.5 * MathFunctions.sin(4 * .pi * phase)
          + 0.25 * MathFunctions.sin(6 * .pi * phase)
        let noise = Double(Int(random.next() % 64) - 32)
        output.append(Int16(clamping: Int(6_000 * envelope * tone + noise)))
      }
    }
    return output
  }
}
