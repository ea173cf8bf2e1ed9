import WireBytes

/// What one bot says and shows, made while it is sent.
struct BotMedia {
  /// A frame with the number that its place in time gives it.
  struct Picture {
    let number: Int
    let frame: VP8Encoder.Frame
  }

  private static let clipSeconds = 12

  var audio: SpeechSource?
  private var picture: TestPicture?
  private let encoder: VP8Encoder?
  private let bitrate: Int

  /// `number`: of the bot; each has a voice and a colour of its own. `silence`: shared by all.
  init(number: Int, plan: JoinPlan, silence: SilenceClip?) throws(MediaFileError) {
    bitrate = plan.videoBitrate
    if plan.sendsAudio {
      let samples = SpeechGenerator.samples(seconds: Self.clipSeconds, seed: UInt64(number))
      guard let clip = AudioClip(samples: samples) else {
        throw MediaFileError(path: "libopus", problem: "cannot encode")
      }
      audio = SpeechSource(clip, silence: silence, offset: 0)
    }
    guard plan.sendsVideo else {
      encoder = nil
      return
    }
    encoder = VP8Encoder(
      width: TestPicture.width, height: TestPicture.height, frameRate: TestPicture.frameRate,
      bitrate: plan.videoBitrate)
    guard encoder != nil else { throw MediaFileError(path: "libvpx", problem: "cannot encode") }
    picture = TestPicture(number: number)
  }

  var hasVideo: Bool { encoder != nil }

  /// Draws and encodes the picture of a moment; nil if there are none to show.
  mutating func picture(_ number: Int) -> VP8Encoder.Frame? {
    picture?.draw(frame: number)
    guard let picture, let encoder else { return nil }
    return encoder.encode(picture.pixels)
  }

  func requestKeyFrame() { encoder?.requestKeyFrame() }

  /// The relay's limit never makes a bot send more than it was asked to.
  func limitBitrate(to limit: UInt64) { encoder?.setBitrate(min(bitrate, Int(clamping: limit))) }
}
