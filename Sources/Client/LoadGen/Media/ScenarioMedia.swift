import WireBytes

/// The clips that a scenario's participants send, loaded and encoded once.
struct ScenarioMedia: Sendable {
  let audio: AudioClip?
  /// Nil when everyone talks all the time.
  let silence: SilenceClip?
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
    if audio != nil, scenario.talkers < scenario.participants {
      guard let clip = SilenceClip() else { throw MediaFileError(path: "libopus", problem: "cannot encode silence") }
      silence = clip
    } else {
      silence = nil
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
      // Where in the clip this participant starts, so that not all say the same at once.
      audio: audio.map { SpeechSource($0, silence: silence, offset: number * 97) },
      video: video.map { VideoSource($0, seed: seed &+ UInt64(number) &* 0x9E37) },
      videoInterval: TimeInterval(nanoseconds: UInt64(1e9 / rate)))
  }
}

/// What a participant sends.
struct ParticipantMedia: Sendable {
  var audio: SpeechSource?
  var video: VideoSource?
  var videoInterval: TimeInterval
}
