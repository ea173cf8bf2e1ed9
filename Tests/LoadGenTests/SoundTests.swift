import LoadGen
import TestKit
import Testing

@Suite struct SoundTests {
  @Test("generated speech follows from its seed and has voice and pauses")
  func generator() {
    let samples = SpeechGenerator.samples(seconds: 4, seed: 5)
    #expect(samples.count == 4 * 48_000)
    #expect(samples == SpeechGenerator.samples(seconds: 4, seed: 5))
    #expect(samples != SpeechGenerator.samples(seconds: 4, seed: 6))
    let loudness = stride(from: 0, to: samples.count, by: 960).map { start in
      samples[start..<(start + 960)].map { abs(Int($0)) }.max() ?? 0
    }
    #expect(loudness.contains { $0 > 4_000 } && loudness.contains { $0 < 100 })
  }

  @Test("what Opus makes of generated speech decodes to the same sound")
  func codec() throws {
    let samples = SpeechGenerator.samples(seconds: 3, seed: 9)
    let clip = try #require(AudioClip(samples: samples))
    let decoder = try #require(OpusDecoder48k())
    #expect(clip.packets.count == 150 && clip.levels.count == 150)
    var output: [Int16] = []
    for packet in clip.packets {
      let part = try #require(decoder.decode(packet))
      #expect(part.count == 960)
      output += part
    }
    // Loudness over time, not the waveform: the encoder's high-pass for speech turns the phase of a low voice.
    let delay = Int(clip.preSkip)
    let original = loudness(samples[..<(samples.count - delay)])
    let decoded = loudness(output[delay...])
    let stranger = loudness(SpeechGenerator.samples(seconds: 3, seed: 10)[..<(samples.count - delay)])
    #expect(correlation(original, decoded) > 0.95)
    #expect(correlation(stranger, decoded) < 0.5)
    #expect((0.5...1.5).contains(decoded.reduce(0, +) / original.reduce(0, +)))
  }

  /// Root mean square of each 10 ms.
  private func loudness(_ samples: ArraySlice<Int16>) -> [Double] {
    stride(from: samples.startIndex, to: samples.endIndex - 479, by: 480).map { start in
      (samples[start..<(start + 480)].reduce(0.0) { $0 + Double($1) * Double($1) } / 480).squareRoot()
    }
  }

  /// Pearson's: 1 for the same shape, near 0 for unrelated ones.
  private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
    var (both, first, second) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      both += (x - meanA) * (y - meanB)
      first += (x - meanA) * (x - meanA)
      second += (y - meanB) * (y - meanB)
    }
    return both / (first * second).squareRoot()
  }

  @Test("bytes that are not Opus are refused, whatever they are")
  func noise() throws {
    let decoder = try #require(OpusDecoder48k())
    // Code 3 with a frame count of 0 (RFC 6716 section 3.2.5).
    #expect(decoder.decode([0x03, 0x00]) == nil)
    var random = SeededRandom(seed: 1)
    for length in 1...300 { if let samples = decoder.decode(random.bytes(length)) { #expect(samples.count <= 5_760) } }
  }

  @Test("levels are those of RFC 6464: 127 for silence, near 3 for a full tone")
  func levels() throws {
    let silence = try #require(AudioClip(samples: [Int16](repeating: 0, count: 960)))
    #expect(silence.levels == [127])
    let tone = (0..<960).map { Int16(32_767 * MathFunctions.sin(Double($0) * 0.1)) }
    #expect(try #require(AudioClip(samples: tone)).levels == [3])
    #expect(AudioClip(samples: [Int16](repeating: 0, count: 959)) == nil)
  }
}
