import FoundationEssentials
package import WireBytes

/// What the bots of a run sent and received. The names are those of the JSON.
package struct JoinReport: Encodable, Sendable {
  package struct Member: Encodable, Sendable {
    package let name: String
    package let audio_frames: Int
    package let video_frames: Int
    package let key_frames: Int
  }

  package struct Bot: Encodable, Sendable {
    package let name: String
    package let frames_sent: UInt64
    package let key_frame_requests: UInt64
    /// Frames that came, opened or not; those from before its time are not counted.
    package let frames_received: UInt64
    package let frames_decrypted: UInt64
    package let decrypt_failures: UInt64
    /// By name, the frames that were decrypted.
    package let members: [Member]
  }

  package let duration_s: Double
  package let bots: [Bot]
  /// Bots that were not in the call until the end, and why.
  package let gave_up: [String]

  /// `name`: what a member is called. One who came more than once is counted once, by name.
  package init(seconds: Double, accounts: [BotAccount], gaveUp: [String], name: (MemberID) -> String) {
    duration_s = seconds
    gave_up = gaveUp
    bots = accounts.map { account in
      var byName: [String: BotAccount.Received] = [:]
      for (member, frames) in account.received {
        byName[name(member), default: .init()].sound += frames.sound
        byName[name(member), default: .init()].pictures += frames.pictures
        byName[name(member), default: .init()].keyFrames += frames.keyFrames
      }
      let opened = UInt64(account.framesOpened)
      return Bot(
        name: account.name, frames_sent: account.framesSent, key_frame_requests: account.keyFrameRequests,
        frames_received: opened + account.failures, frames_decrypted: opened, decrypt_failures: account.failures,
        members: byName.sorted { $0.key < $1.key }.map {
          Member(
            name: $0.key, audio_frames: $0.value.sound, video_frames: $0.value.pictures,
            key_frames: $0.value.keyFrames)
        })
    }
  }

  package var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a report is numbers and text") }
    return Array(data) + [10]
  }

  /// For people.
  package var text: String {
    var lines = ["", "\(CallReportText.fixed(duration_s, 1)) s"]
    for bot in bots {
      lines.append(
        "\(bot.name): \(bot.frames_sent) frames sent, \(bot.key_frame_requests) key frames asked for; "
          + "\(bot.frames_received) frames received, \(bot.frames_decrypted) decrypted")
      for member in bot.members {
        lines.append(
          "  from \(member.name): \(member.audio_frames) of sound, \(member.video_frames) pictures, "
            + "\(member.key_frames) of them key frames")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
