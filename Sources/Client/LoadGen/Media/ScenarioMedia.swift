import WireBytes

/// The clips that a scenario's participants send, loaded and encoded once.
struct ScenarioMedia: Sendable {
  let audio: AudioClip?
  let video: VideoClip?

  init(_ scenario: CallScenario) throws(MediaFileError) {
    switch scenario.audio {
    case .off: audio = nil
    case .generated:
      guard let clip = AudioClip(samples: SpeechGenerator.samples(seconds: 20, seed: scenario.seed)) else {
        throw MediaFileError(path: "libopus", problem: "cannot encode")
      }
      audio = clip
    case .file(let path):
      guard let clip = AudioClip(samples: try WAVFile(path: path).samples) else {
        throw MediaFileError(path: path, problem: "cannot be encoded by libopus")
      }
      audio = clip
    }
    switch scenario.video {
    case .off: video = nil
    case .generated(let shape): video = .generated(shape)
    case .file(let path): video = .file(try IVFFile(path: path))
    }
  }

  func media(for number: Int, seed: UInt64) -> ParticipantMedia {
    let rate = video?.frameRate ?? 30
    return ParticipantMedia(
      audio: audio, audioOffset: audio.map { number * 97 % $0.packets.count } ?? 0,
      video: video.map { VideoSource($0, seed: seed &+ UInt64(number) &* 0x9E37) },
      videoInterval: TimeInterval(nanoseconds: UInt64(1e9 / rate)))
  }
}

/// What a participant sends.
struct ParticipantMedia: Sendable {
  var audio: AudioClip?
  /// Where in the clip this participant starts, so that not all say the same at once.
  var audioOffset: Int
  var video: VideoSource?
  var videoInterval: TimeInterval
}
