import ClientEngine
import E2EKeys
import Signaling
package import WireBytes

/// What one bot sent and received, over all its stays in the call.
package struct BotAccount: Sendable, Equatable {
  /// Frames of one member that were opened.
  package struct Received: Sendable, Equatable {
    package var sound = 0
    package var pictures = 0
    package var keyFrames = 0

    package init() {}
  }

  package let name: String
  package var received: [MemberID: Received] = [:]
  package var framesSent: UInt64 = 0
  package var keyFrameRequests: UInt64 = 0
  /// Frames that should have opened and did not.
  package var failures: UInt64 = 0
  /// Frames of before its first epoch, which are not for it.
  package var notForUs: UInt64 = 0

  package init(name: String) { self.name = name }

  mutating func note(_ frame: ReceivedFrame) {
    switch frame.stream.source.kind {
    case .audio: received[frame.member, default: Received()].sound += 1
    case .video:
      received[frame.member, default: Received()].pictures += 1
      if frame.isKeyFrame { received[frame.member]?.keyFrames += 1 }
    }
  }

  mutating func add(_ statistics: ParticipantStatistics) {
    framesSent += statistics.framesSent
    keyFrameRequests += statistics.keyFrameRequestsReceived
    failures += statistics.decryptFailures
    notForUs += statistics.framesNotForUs
  }

  package mutating func add(_ other: BotAccount) {
    framesSent += other.framesSent
    keyFrameRequests += other.keyFrameRequests
    failures += other.failures
    notForUs += other.notForUs
    for (member, frames) in other.received {
      received[member, default: Received()].sound += frames.sound
      received[member, default: Received()].pictures += frames.pictures
      received[member, default: Received()].keyFrames += frames.keyFrames
    }
  }

  package var framesOpened: Int { received.values.reduce(0) { $0 + $1.sound + $1.pictures } }
}
