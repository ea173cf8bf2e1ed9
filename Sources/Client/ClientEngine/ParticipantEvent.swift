package import E2EKeys
package import SRTP
package import Signaling
package import WireBytes

/// What a participant tells its owner.
package enum ParticipantEvent: Sendable {
  /// Send to the relay, in order.
  case signal(ClientMessage)
  /// The hop is up: media can go to the relay and come from it.
  case mediaConnected(SRTPProfile)
  /// The relay no longer answers consent checks. `resume` after the network has changed.
  case mediaInterrupted
  case mediaRestored
  /// A frame that was opened.
  case frame(ReceivedFrame)
  /// Frames of a slot were lost for good.
  case framesMissing(mid: String, count: UInt64)
  /// The next video frame should be a key frame.
  case keyFrameRequested
  /// The relay's limit for this participant's video, bits per second.
  case videoBitrateLimit(UInt64)
  case key(KeyEvent)
  case joined(Joined)
  case slots(SlotAssignments)
  case published([PublishedTrack])
  case unpublished([TrackReference])
  case muted(Muted)
  case speakers([MemberID])
  case quality(Quality)
  case layers(Layers)
  case notice(Notice)
  /// The relay refused a message; the call goes on.
  case refused(SignalingError)
  /// Nothing more will come.
  case ended(EndReason)
}

/// Why a call ended.
package enum EndReason: Sendable, Equatable, CustomStringConvertible {
  case goodbye(Goodbye.Reason)
  /// `join` was refused.
  case joinRefused(SignalingError.Code)
  /// The relay's answer or its handshake is not usable.
  case hopFailed(String)

  package var description: String {
    switch self {
    case .goodbye(let reason): "the relay said goodbye: \(reason.rawValue)"
    case .joinRefused(let code): "the relay refused the join: \(code.rawValue)"
    case .hopFailed(let why): "no connection to the relay: \(why)"
    }
  }
}

/// A frame that was received and opened. Who sent it follows from its key, not from what the relay says.
package struct ReceivedFrame: Sendable, Equatable {
  package let member: MemberID
  package let stream: MediaStream
  package let epoch: UInt32
  package let counter: UInt64
  package let plaintext: [UInt8]
  /// Of the slot: continuous across publications.
  package let rtpTimestamp: UInt32
  /// From the Dependency Descriptor; audio frames are no key frames.
  package let isKeyFrame: Bool
  /// When the frame's last packet arrived.
  package let receivedAt: MonotonicInstant
  /// The slot it came in.
  package let mid: String
}

/// A frame as it was sealed and sent.
package struct SealedFrame: Sendable, Equatable {
  package let stream: MediaStream
  package let epoch: UInt32
  package let counter: UInt64
  /// SFrame header, ciphertext and tag.
  package let bytes: [UInt8]
}
