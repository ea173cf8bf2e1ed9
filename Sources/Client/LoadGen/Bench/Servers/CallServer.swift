import RTP
import WireBytes

/// A server that is measured. What differs between servers is how members come into a room; the media path is the same
/// `MediaLeg` for all.
protocol CallServer: Sendable {
  /// The server's process, whose CPU time and memory count.
  var process: ChildProcess { get }
  /// What the server counts about its socket calls, if it does.
  func sendCounters() async -> SendCounters?
  /// Makes a room ready to be entered.
  func open(room: Int) async throws
  /// Brings a member in; its streams are set up and paused.
  func enter(room: Int, plan: MemberPlan) async throws -> any CallMember
  /// Ends the process. Returns what is to be said against how it ended.
  func stop() async -> String?
}

/// One member of one room.
protocol CallMember: Sendable {
  /// When it began to connect.
  var startedAt: MonotonicInstant { get }
  /// The leg that it sends over, and the one that it receives over: often the same.
  var sendingLeg: Int? { get }
  var receivingLeg: Int? { get }
  /// Begins to receive everyone who is in the room now; for servers where that is a step of its own.
  func receiveOthers() async throws
  func leave() async
}

/// What a member sends, and how many others it receives.
struct MemberPlan: Sendable {
  var audio: StreamShape?
  var video: StreamShape?
  var audioSlots = 0
  var videoSlots = 0

  var sends: Bool { audio != nil || video != nil }
  var receives: Bool { audioSlots + videoSlots > 0 }
}

/// Datagrams sent and the system calls that it took, since the server was started.
struct SendCounters: Sendable {
  var datagrams: UInt64 = 0
  var calls: UInt64 = 0
  /// Datagrams that left in UDP_SEGMENT runs.
  var segmented: UInt64 = 0
}

/// One stream that a leg will send, as it was negotiated.
struct SendPart: Sendable {
  let shape: StreamShape
  let mid: String
  let payloadType: PayloadType
}

extension MediaDriver {
  /// Connects a leg and gives it its streams. Throws `LegError`.
  func connect(_ number: Int, to remote: MediaLeg.Remote, sending parts: [SendPart]) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      perform { driver, now in
        guard let leg = driver.leg(number) else { return continuation.resume(throwing: LegError.timeout("closed")) }
        leg.prepare(parts)
        leg.connect(to: remote, at: now) { result in continuation.resume(with: result.mapError { $0 }) }
        leg.flush()
      }
    }
  }
}

extension MediaLeg {
  func prepare(_ parts: [SendPart]) {
    streams = parts.map { part in
      PacedStream(
        part.shape, ssrc: part.shape.isVideo ? local.videoSSRC : local.audioSSRC, payloadType: part.payloadType,
        mid: part.mid, ids: Self.extensionIDs, random: random)
    }
  }
}
