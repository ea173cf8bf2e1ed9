import LoadGen
import TestKit
import Testing

@Suite struct WAVFileTests {
  /// A RIFF file of 16-bit samples, interleaved as given.
  static func wav(
    _ samples: [Int16], rate: Int, channels: Int = 1, bits: Int = 16, encoding: Int = 1, fmtExtra: [UInt8] = [],
    before: [UInt8] = [], dataSize: UInt32? = nil
  ) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
    let data = samples.flatMap { little(Int(UInt16(bitPattern: $0)), 2) }
    let frame = channels * 2
    var bytes = Array("RIFF".utf8) + little(data.count + 36, 4) + Array("WAVE".utf8) + before
    bytes += Array("fmt ".utf8) + little(16 + fmtExtra.count, 4) + little(encoding, 2) + little(channels, 2)
    bytes += little(rate, 4) + little(rate * frame, 4) + little(frame, 2) + little(bits, 2) + fmtExtra
    return bytes + Array("data".utf8) + little(Int(dataSize ?? UInt32(data.count)), 4) + data
  }

  static func ramp(_ count: Int) -> [Int16] { (0..<count).map { Int16($0 % 2_000) } }

  private func parse(_ bytes: [UInt8]) throws -> [Int16] { try WAVFile(bytes: bytes, path: "speech.wav").samples }

  @Test("48 kHz mono comes through sample by sample")
  func untouched() throws {
    let samples = Self.ramp(4_800)
    #expect(try parse(Self.wav(samples, rate: 48_000)) == samples)
  }

  @Test(
    "lower rates are brought to 48 kHz: same length in time, same values at the old moments",
    arguments: [
      8_000, 16_000, 24_000,
    ])
  func resampled(_ rate: Int) throws {
    let samples = Self.ramp(rate / 5)
    let factor = 48_000 / rate
    let output = try parse(Self.wav(samples, rate: rate))
    #expect(output.count == 9_600)
    #expect((0..<samples.count).allSatisfy { output[$0 * factor] == samples[$0] })
    // Between two samples the line goes from one to the other.
    #expect(output[10 * factor + factor / 2] == samples[10])
    #expect(zip(output.prefix(1_000 * factor), output.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test("44.1 kHz keeps its length in time")
  func compactDisc() throws {
    #expect(try parse(Self.wav(Self.ramp(44_100), rate: 44_100)).count == 48_000)
  }

  @Test("stereo becomes the mean of both channels, without overflow")
  func stereo() throws {
    let frames = (0..<2_000).flatMap { _ -> [Int16] in [.max, .max, .min, .min, 100, 300] }
    let output = try parse(Self.wav(frames, rate: 48_000, channels: 2))
    #expect(Array(output.prefix(3)) == [.max, .min, 200])
    #expect(output.count == 6_000)
  }

  @Test("the extensible format is read as PCM, and refused when it is something else")
  func extensible() throws {
    func extra(_ format: UInt8) -> [UInt8] { [22, 0, 16, 0, 4, 0, 0, 0, format] + [UInt8](repeating: 0, count: 15) }
    let samples = Self.ramp(2_000)
    #expect(try parse(Self.wav(samples, rate: 48_000, encoding: 0xFFFE, fmtExtra: extra(1))) == samples)
    #expect(throws: MediaFileError.self) {
      try parse(Self.wav(samples, rate: 48_000, encoding: 0xFFFE, fmtExtra: extra(3)))
    }
  }

  @Test("chunks that say nothing about the sound are passed over, an odd one with its padding")
  func otherChunks() throws {
    let samples = Self.ramp(2_000)
    let list = Array("LIST".utf8) + [3, 0, 0, 0, 1, 2, 3, 0]
    #expect(try parse(Self.wav(samples, rate: 48_000, before: list)) == samples)
  }

  @Test("data of open length reach to the end of the file")
  func streamed() throws {
    let samples = Self.ramp(2_000)
    #expect(try parse(Self.wav(samples, rate: 48_000, dataSize: .max)) == samples)
  }

  @Test("what cannot be used is refused with a sentence that names the file")
  func refused() {
    let samples = Self.ramp(2_000)
    let cases: [([UInt8], String)] = [
      (Self.wav(samples, rate: 48_000, bits: 24), "16-bit PCM"),
      (Self.wav(samples, rate: 48_000, encoding: 3), "16-bit"),
      (Self.wav(samples, rate: 4_000), "4000 Hz"), (Self.wav(samples, rate: 48_000, channels: 9), "9 channels"),
      (Self.wav(samples, rate: 48_000, channels: 0), "0 channels"), (Self.wav([1, 2, 3], rate: 48_000), "20 ms"),
      (Self.wav(Self.ramp(220), rate: 11_025), "20 ms"), (Array("OggS".utf8), "not a WAV"), ([], "not a WAV"),
    ]
    for (bytes, part) in cases {
      let error = #expect(throws: MediaFileError.self) { try parse(bytes) }
      #expect(error?.description.hasPrefix("speech.wav: ") == true && error?.problem.contains(part) == true)
    }
  }

  @Test("a file cut anywhere is refused, or read as far as it goes")
  func truncated() throws {
    let whole = Self.wav(Self.ramp(1_200), rate: 48_000)
    for (length, bytes) in MalformedSweep.truncations(of: whole).enumerated() {
      guard let samples = try? parse(bytes) else {
        #expect(length < 44 + 2 * 960)
        continue
      }
      #expect(samples.count == (length - 44) / 2)
    }
  }

  @Test("changed bytes never do more than be refused")
  func mutated() {
    let whole = Self.wav(Self.ramp(1_000), rate: 16_000, channels: 2)
    for seed in 1...4 as ClosedRange<UInt64> {
      for bytes in MalformedSweep.mutations(of: Array(whole.prefix(44)), count: 2_000, seed: seed) {
        if let samples = try? parse(bytes + whole.dropFirst(44)) { #expect(samples.count >= 960) }
      }
    }
  }
}
