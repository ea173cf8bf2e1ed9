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
    // The decoder's output comes later by the encoder's look-ahead; then both curves must run together.
    let delay = Int(clip.preSkip)
    var (both, input, decoded) = (0.0, 0.0, 0.0)
    for index in 0..<(samples.count - delay) {
      let (a, b) = (Double(samples[index]), Double(output[index + delay]))
      both += a * b
      input += a * a
      decoded += b * b
    }
    #expect(both / (input * decoded).squareRoot() > 0.9)
    #expect((0.5...1.5).contains((decoded / input).squareRoot()))
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
