import ClientEngine
import E2EKeys
import HopCrypto
import Signaling
import Testing
import WireBytes

/// A call of some callers through one relay, and what must be true of it whatever happens to others.
struct TestCall {
  let relay: TestRelay
  let invite: InviteSecret
  private(set) var callers: [Caller]

  /// Everyone joins and hears everyone.
  static func start(
    _ relay: TestRelay, count: Int = 4, token: (RoomID) async throws -> String? = { _ in nil },
    paths: [Int: HopPath] = [:]
  ) async throws -> TestCall {
    let invite = InviteSecret(random: .openSSL)
    let token = try await token(invite.room)
    var call = TestCall(relay: relay, invite: invite, callers: [])
    for number in 0..<count {
      call.callers.append(try Caller(number, in: invite, token: token, path: paths[number]))
    }
    for caller in call.callers { try await caller.join(relay) }
    try await call.waitUntilAllHearAll()
    return call
  }

  /// One more member of the same call.
  mutating func add(_ caller: Caller) async throws {
    try await caller.join(relay)
    callers.append(caller)
    try await waitUntilAllHearAll()
  }

  /// From now on the call is that of the others.
  mutating func remove(_ caller: Caller) { callers.removeAll { $0 === caller } }

  func waitUntilAllHearAll() async throws { try await waitForFrames(audio: 5, video: 2, since: [:]) }

  /// The others' frames keep coming, all of them can be opened, and they are what was sent.
  func expectToGoOn(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let before = try await records()
    try await waitForFrames(audio: 40, video: 6, since: before)
    for (number, record) in try await records() {
      #expect(record.ended == nil, "caller \(number)", sourceLocation: sourceLocation)
      #expect(record.goodbyes.isEmpty, "caller \(number)", sourceLocation: sourceLocation)
      // A sealed message may cross the leave of the member that it is for.
      let errors = record.errors.filter { $0.code != .notFound || $0.about != "sealed" }
      #expect(errors.isEmpty, "caller \(number)", sourceLocation: sourceLocation)
      #expect(record.keyTroubles.isEmpty, "caller \(number)", sourceLocation: sourceLocation)
      #expect(record.strangeFrames == 0, "caller \(number)", sourceLocation: sourceLocation)
      #expect(
        record.received.values.allSatisfy { $0.disorder == 0 }, "caller \(number)", sourceLocation: sourceLocation)
    }
    for caller in callers {
      let failures = await caller.statistics.decryptFailuresByCause
      #expect(failures.isEmpty, "caller \(caller.number)", sourceLocation: sourceLocation)
    }
  }

  /// Frames keep coming from everyone to everyone.
  func waitForNewFrames() async throws { try await waitForFrames(audio: 40, video: 6, since: try await records()) }

  /// All have left the member behind: they know that it is gone and their keys are for those who are there.
  func waitUntilGone(_ caller: Caller, within patience: Duration = .seconds(15)) async throws {
    let members = Set(callers.map(\.member))
    for other in callers {
      try await eventually("caller \(other.number) shares keys with the others only", within: patience) {
        let (departed, holders) = (await other.record.departed, await other.keyHolders)
        return departed.contains(caller.member) && Set(holders) == members
      }
    }
  }

  private func records() async throws -> [Int: CallerRecord] {
    var records: [Int: CallerRecord] = [:]
    for caller in callers { records[caller.number] = await caller.record }
    return records
  }

  private func waitForFrames(audio: Int, video: Int, since before: [Int: CallerRecord]) async throws {
    for listener in callers {
      for sender in callers where sender !== listener {
        for (isAudio, count) in [(true, audio), (false, video)] {
          let start = before[listener.number]?.frames(from: sender.number, audio: isAudio) ?? 0
          try await eventually(
            "caller \(listener.number) gets \(isAudio ? "sound" : "pictures") of caller \(sender.number)"
          ) { await listener.record.frames(from: sender.number, audio: isAudio) >= start + count }
        }
      }
    }
  }
}
