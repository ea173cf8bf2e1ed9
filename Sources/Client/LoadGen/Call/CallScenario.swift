package import E2EKeys
package import WireBytes

/// What to simulate.
package struct CallScenario: Sendable {
  package var rooms = 1
  /// In each room.
  package var participants = 8
  package var duration = TimeInterval.seconds(30)
  package var audio: AudioInput = .generated
  package var video: VideoInput = .generated(.hd)
  /// Joins and leaves per minute and room, in turn; 0 for none.
  package var churnPerMinute = 0.0
  package var suite = KeyAgreementSuite.x25519MLKEM1024
  package var recordFolder: String?
  package var seed: UInt64 = 1
  package var token: String?
  package var thresholds = Thresholds()

  package init() {}

  package enum AudioInput: Sendable {
    case off
    case generated
    case file(String)
  }

  package enum VideoInput: Sendable {
    case off
    case generated(VideoGenerator.Shape)
    case file(String)
  }

  /// The moments, from the start of the measured time, at which someone joins or leaves.
  package var churnEvents: [(at: TimeInterval, kind: ChurnKind)] {
    guard churnPerMinute > 0 else { return [] }
    let interval = 60 / churnPerMinute
    var events: [(at: TimeInterval, kind: ChurnKind)] = []
    var moment = interval / 2
    // The last two seconds stay quiet, so that the last change can converge before the count.
    while moment < duration.seconds - 2 {
      events.append(
        (TimeInterval(nanoseconds: UInt64(moment * 1e9)), events.count.isMultiple(of: 2) ? .join : .leave))
      moment += interval
    }
    return events
  }

  package enum ChurnKind: Sendable { case join, leave }
}

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
