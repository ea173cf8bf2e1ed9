package import E2EKeys

/// What a participant has counted since it was made.
package struct ParticipantStatistics: Sendable {
  /// Media packets, retransmissions included.
  package var packetsSent: UInt64 = 0
  package var bytesSent: UInt64 = 0
  package var packetsReceived: UInt64 = 0
  package var bytesReceived: UInt64 = 0
  package var framesSent: UInt64 = 0
  /// Frames opened and handed on.
  package var framesReceived: UInt64 = 0
  package var keyFramesReceived: UInt64 = 0

  /// Packets that could not be sent: no free slot, a full batch, or no connection.
  package var sendDrops: UInt64 = 0
  /// Datagrams that were no packet of this call: malformed, replayed or not authentic.
  package var datagramsDropped: UInt64 = 0

  /// Packets asked for again.
  package var nacksSent: UInt64 = 0
  /// Packets that the relay asked for again, and those of them still held.
  package var nacksReceived: UInt64 = 0
  package var retransmissionsSent: UInt64 = 0
  /// Packets that came by RTX.
  package var retransmissionsReceived: UInt64 = 0
  package var duplicates: UInt64 = 0
  package var keyFrameRequestsSent: UInt64 = 0
  package var keyFrameRequestsReceived: UInt64 = 0

  /// Frames given up because a packet never came.
  package var framesIncomplete: UInt64 = 0
  /// Whole frames dropped because those before them were lost.
  package var framesUndecodable: UInt64 = 0
  /// Frames from before this participant's first epoch, or of its own departed peers: not for it to open.
  package var framesNotForUs: UInt64 = 0
  /// Frames opened before.
  package var framesReplayed: UInt64 = 0
  /// Frames that should have opened and did not, by cause.
  package var decryptFailuresByCause: [E2EError: UInt64] = [:]
  package var decryptFailures: UInt64 { decryptFailuresByCause.values.reduce(0, +) }

  /// By sequence numbers, over all slots (RFC 3550 appendix A.3).
  package var packetsExpected: Int64 = 0
  package var packetsLost: Int64 = 0
  /// The largest interarrival jitter of any slot, seconds.
  package var jitter: Double = 0
  /// To the relay and back, from reports, seconds; nil until one was answered.
  package var roundTrip: Double?

  package init() {}
}
