import LoadGen
import Testing

@Suite struct VP8EncoderTests {
  private static let pixels = TestPicture.width * TestPicture.height * 3 / 2

  private func encoder() throws -> VP8Encoder {
    try #require(
      VP8Encoder(
        width: TestPicture.width, height: TestPicture.height, frameRate: TestPicture.frameRate, bitrate: 500_000))
  }

  /// Three seconds of the test picture; key frames are asked for before the frames of `requests`.
  private func clip(_ count: Int = 60, requests: Set<Int> = []) throws -> (frames: [VP8Encoder.Frame], drawn: [[UInt8]])
  {
    let encoder = try encoder()
    var picture = TestPicture(number: 7)
    var (frames, drawn) = ([VP8Encoder.Frame](), [[UInt8]]())
    for number in 0..<count {
      if requests.contains(number) { encoder.requestKeyFrame() }
      picture.draw(frame: number)
      frames.append(try #require(encoder.encode(picture.pixels)))
      drawn.append(picture.pixels)
    }
    return (frames, drawn)
  }

  @Test func `each picture gives a frame, and only those asked for are key frames`() throws {
    let frames = try clip(requests: [20, 41]).frames
    #expect(frames.indices.filter { frames[$0].isKeyFrame } == [0, 20, 41])
    for frame in frames {
      // The inverse key-frame bit and the start code (RFC 6386 section 9.1).
      #expect((frame.bytes[0] & 1 == 0) == frame.isKeyFrame)
      if frame.isKeyFrame { #expect(Array(frame.bytes[3..<10]) == [0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01]) }
    }
  }

  @Test func `the bit rate is kept, and follows a limit`() throws {
    let bytes = try clip(100).frames.reduce(0) { $0 + $1.bytes.count }
    #expect((60_000...450_000).contains(bytes), "\(bytes) bytes in 5 s")
    let encoder = try encoder()
    encoder.setBitrate(100_000)
    var picture = TestPicture(number: 7)
    var limited = 0
    for number in 0..<100 {
      picture.draw(frame: number)
      limited += try #require(encoder.encode(picture.pixels)).bytes.count
    }
    #expect(limited < bytes)
  }

  @Test func `ffmpeg decodes every frame to the picture that was drawn`() async throws {
    let folder = try TestFolder()
    let (frames, drawn) = try clip(requests: [30])
    let file = IVFFile(
      width: UInt16(TestPicture.width), height: UInt16(TestPicture.height), frameRate: Double(TestPicture.frameRate),
      frames: frames.map { IVFFile.Frame(bytes: $0.bytes) })
    let (clip, raw, log) = (folder.path(of: "clip.ivf"), folder.path(of: "clip.yuv"), folder.path(of: "log"))
    try FileBytes.write(file.encoded, to: clip)
    let ffmpeg = try ChildProcess(
      executable: "/usr/bin/ffmpeg",
      arguments: ["-v", "error", "-y", "-i", clip, "-f", "rawvideo", "-pix_fmt", "yuv420p", raw], logPath: log)
    var status: Int32?
    for _ in 0..<3_000 where status == nil {
      status = ffmpeg.exitStatus()
      if status == nil { try await Task.sleep(for: .milliseconds(10)) }
    }
    let complaints = String(decoding: try FileBytes.read(log), as: UTF8.self)
    #expect(status == 0 && complaints.isEmpty, "\(complaints)")
    let decoded = try FileBytes.read(raw)
    try #require(decoded.count == frames.count * Self.pixels)
    for (number, picture) in drawn.enumerated() {
      let output = decoded[(number * Self.pixels)..<((number + 1) * Self.pixels)]
      let error = zip(output, picture).reduce(0) { sum, pair in
        let difference = Int(pair.0) - Int(pair.1)
        return sum + difference * difference
      }
      // Mean square error 130 is a peak signal-to-noise ratio of 27 dB: the picture, coded at a low rate.
      #expect(error < 130 * Self.pixels, "frame \(number): \(error / Self.pixels)")
    }
  }
}
