import WireBytes

/// Mono 48 kHz samples out of a WAV file (RIFF, PCM of 16 bits, any rate and channel count).
package struct WAVFile: Sendable {
  /// At 48 kHz.
  package let samples: [Int16]

  package init(path: String) throws(MediaFileError) {
    try self.init(bytes: try FileBytes.read(path), path: path)
  }

  package init(bytes: [UInt8], path: String) throws(MediaFileError) {
    func problem(_ text: String) -> MediaFileError { MediaFileError(path: path, problem: text) }
    let parsed: (rate: Int, channels: Int, data: [UInt8])?
    do throws(ByteError) { parsed = try Self.parse(bytes) } catch {
      throw problem("is not a WAV file: it ends in the middle of a chunk")
    }
    guard let parsed else { throw problem("is not a WAV file of 16-bit PCM samples") }
    guard (8_000...192_000).contains(parsed.rate), (1...8).contains(parsed.channels) else {
      throw problem("has \(parsed.channels) channels at \(parsed.rate) Hz; 1 to 8 at 8000 to 192000 Hz are allowed")
    }
    let frames = parsed.data.count / 2 / parsed.channels
    let mono = (0..<frames).map { frame -> Int in
      var sum = 0
      for channel in 0..<parsed.channels {
        let offset = (frame * parsed.channels + channel) * 2
        sum += Int(Int16(bitPattern: UInt16(parsed.data[offset]) | UInt16(parsed.data[offset + 1]) << 8))
      }
      return sum / parsed.channels
    }
    samples = Self.resample(mono, from: parsed.rate, to: 48_000)
    guard samples.count >= OpusEncoder20ms.samplesPerPacket else { throw problem("is shorter than 20 ms") }
  }

  private static func parse(_ bytes: [UInt8]) throws(ByteError) -> (rate: Int, channels: Int, data: [UInt8])? {
    var reader = ByteReader(bytes.span)
    guard try reader.array(4) == Array("RIFF".utf8) else { return nil }
    try reader.skip(4)
    guard try reader.array(4) == Array("WAVE".utf8) else { return nil }
    var format: (rate: Int, channels: Int)?
    while reader.remaining >= 8 {
      let name = try reader.array(4)
      let size = Int(try reader.u32().byteSwapped)
      if name == Array("fmt ".utf8), size >= 16 {
        let encoding = try reader.u16().byteSwapped
        let channels = Int(try reader.u16().byteSwapped)
        let rate = Int(try reader.u32().byteSwapped)
        try reader.skip(6)
        let bits = try reader.u16().byteSwapped
        let rest = try reader.array(size - 16 + size % 2)
        // 0xFFFE is WAVE_FORMAT_EXTENSIBLE, which tools write for plain PCM as well: the encoding is in the extension.
        let isPCM = encoding == 1 || (encoding == 0xFFFE && rest.dropFirst(8).starts(with: [1, 0]))
        guard isPCM, bits == 16 else { return nil }
        format = (rate, channels)
      } else if name == Array("data".utf8), let format {
        // A writer that streams leaves the size open; then the data reach to the end of the file.
        return (format.rate, format.channels, try reader.array(min(size, reader.remaining)))
      } else {
        try reader.skip(size + size % 2)
      }
    }
    return nil
  }

  /// Linear interpolation: the codec's input needs the right speed, not a mastering-grade filter.
  private static func resample(_ input: [Int], from rate: Int, to target: Int) -> [Int16] {
    let count = input.count * target / rate
    return (0..<count).map { index in
      let position = index * rate
      let (whole, part) = (position / target, position % target)
      let next = min(whole + 1, input.count - 1)
      return Int16(clamping: (input[whole] * (target - part) + input[next] * part) / target)
    }
  }
}
