import LoadGen
import Testing

extension SystemTests {
  @Suite("speech and pictures made by programs that nobody here wrote") struct RealMediaTests {
    @Test("what a receiver records is the clip, byte for byte and in order, and speech that can be heard")
    func recording() async throws {
      let folder = try ScratchFolder()
      try await makeSpeech(folder)
      try await makeClip(folder)
      let out = folder.path(of: "recorded")
      let run = try await RunningProcess.run(
        "sfu-loadgen",
        [
          "call", "--participants", "3", "--duration", "5s", "--audio", folder.path(of: "speech.wav"), "--video",
          folder.path(of: "clip.ivf"), "--record", out,
        ] + LoadGenReportTests.patience, in: folder)
      #expect(run.exitCode == 0, "\(run.output)")
      let clip = try IVFFile(path: folder.path(of: "clip.ivf"))
      let spoken = try WAVFile(path: folder.path(of: "speech.wav")).samples
      for sender in 1...2 {
        expectClip(clip, in: try IVFFile(path: "\(out)/video-\(sender).ivf"))
        let heard = try await decode("\(out)/audio-\(sender).opus", folder)
        #expect(heard.count > 48_000 * 3)
        // Lossy coding changes samples, not how loud speech is.
        #expect(loudness(heard) > loudness(spoken) / 2 && loudness(heard) < loudness(spoken) * 2)
      }
    }

    /// Every frame is one of the clip's, and follows the one before in the clip, whose end its beginning follows. Only
    /// a request for a key frame sets a sender back, to the key frame before.
    private func expectClip(_ clip: IVFFile, in recorded: IVFFile) {
      #expect(recorded.width == clip.width && recorded.height == clip.height)
      #expect(recorded.frames.first?.isKeyFrame == true)
      #expect(recorded.frames.count > clip.frames.count, "shorter than one turn of the clip")
      guard var index = clip.frames.firstIndex(where: { $0 == recorded.frames.first }) else {
        Issue.record("the first recorded frame is none of the clip's")
        return
      }
      var (run, longest, returns) = (1, 1, 0)
      for frame in recorded.frames.dropFirst() {
        let next = (index + 1) % clip.frames.count
        if frame == clip.frames[next] {
          index = next
          run += 1
        } else if let key = clip.frames[...next].lastIndex(where: \.isKeyFrame), frame == clip.frames[key] {
          index = key
          run = 1
          returns += 1
        } else {
          Issue.record("a recorded frame is not the clip's frame \(next)")
          return
        }
        longest = max(longest, run)
      }
      #expect(longest > clip.frames.count, "no whole turn of the clip is in a row")
      #expect(returns <= 4)
    }

    private func makeSpeech(_ folder: ScratchFolder) async throws {
      let text = "The relay forwards what it cannot read. Eight people talk, and only they can hear it."
      let run = try await RunningProcess.run(
        "/usr/bin/espeak-ng", ["-w", folder.path(of: "speech.wav"), text], in: folder)
      #expect(run.exitCode == 0, "\(run.output)")
    }

    private func makeClip(_ folder: ScratchFolder) async throws {
      let run = try await RunningProcess.run(
        "/usr/bin/ffmpeg",
        [
          "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-c:v", "libvpx", "-b:v",
          "400k", "-g", "25", "-deadline", "realtime", "-cpu-used", "8", folder.path(of: "clip.ivf"),
        ], in: folder)
      #expect(run.exitCode == 0, "\(run.output)")
    }

    /// By ffmpeg, so that the container is checked by somebody else's reader too.
    private func decode(_ path: String, _ folder: ScratchFolder) async throws -> [Int16] {
      let decoded = folder.path(of: "decoded.wav")
      let run = try await RunningProcess.run(
        "/usr/bin/ffmpeg", ["-v", "error", "-y", "-i", path, "-ar", "48000", "-ac", "1", "-c:a", "pcm_s16le", decoded],
        in: folder)
      #expect(run.exitCode == 0 && run.output.isEmpty, "\(run.output)")
      return try WAVFile(path: decoded).samples
    }

    /// Root mean square.
    private func loudness(_ samples: [Int16]) -> Double {
      let energy = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
      return (energy / Double(max(samples.count, 1))).squareRoot()
    }
  }
}
