import DatagramIO
import E2EKeys
import HopCrypto
import NIOCore
import WireBytes

/// The phases of a run: everyone joins, media flows and members change, media stops, the books are balanced.
struct RunningCall {
  /// Joins are spread out: a storm is a scenario of its own.
  private static let joinSpacing = Duration.milliseconds(15)
  private static let joinPatience = 60
  /// The last frames and their retransmissions arrive within this time.
  private static let drain = Duration.milliseconds(700)

  private let environment: CallEnvironment
  private let probe: RelayProbe
  private let progress: @Sendable (String) -> Void
  private let rooms: [CallRoom]

  init(_ environment: CallEnvironment, probe: RelayProbe, progress: @escaping @Sendable (String) -> Void) {
    self.environment = environment
    self.probe = probe
    self.progress = progress
    let invite = environment.scenario.invite
    rooms = (0..<environment.scenario.rooms).map { index in
      CallRoom(
        index: index, invite: invite ?? InviteSecret(random: .openSSL), scenario: environment.scenario,
        at: MonotonicClock.now())
    }
  }

  func run() async throws -> CallReport {
    let scenario = environment.scenario
    var members = rooms.map { _ in [CallParticipant]() }
    progress("\(scenario.rooms * scenario.participants) participants join")
    for number in 0..<scenario.participants {
      for room in rooms {
        members[room.index].append(try await join(number, room))
        try await Task.sleep(for: Self.joinSpacing)
      }
    }
    try await waitUntilReady(members.flatMap { $0 })
    let start = MonotonicClock.now()
    let before = await probe.measure()
    var departed: [CallParticipant] = []
    try await talk(from: start, &members, &departed)
    let everyone = members.flatMap { $0 } + departed
    let after = await probe.measure()
    let stoppedAt = MonotonicClock.now()
    for participant in everyone { participant.stopSending() }
    try await Task.sleep(for: Self.drain)
    progress("counting")
    let books = await CallBooks.close(
      present: members.flatMap { $0 }, departed: departed, rooms: rooms, start: start, stoppedAt: stoppedAt)
    // Before everyone leaves: the key changes that the end brings are not part of the call.
    let report = books.report(environment, relay: RelayUsage(before: before, after: after))
    for participant in everyone { participant.leave() }
    for participant in everyone { await participant.close() }
    try writeRecordings(books)
    return report
  }

  private func join(_ number: Int, _ room: CallRoom) async throws -> CallParticipant {
    let participant = try CallParticipant(number: number, room: room, environment: environment)
    try await participant.connect(environment)
    return participant
  }

  private func waitUntilReady(_ participants: [CallParticipant]) async throws {
    for _ in 0..<(Self.joinPatience * 10) {
      var ready = 0
      for participant in participants {
        let (isSending, endedBecause) = await participant.query { ($0.isSending, $0.endedBecause) }
        // Without everyone there is no call to measure.
        if let endedBecause {
          throw CommandError("participant \(participant.number) cannot take part: \(endedBecause)")
        }
        if isSending { ready += 1 }
      }
      if ready == participants.count { return }
      progress("\(ready) of \(participants.count) participants are in the call")
      try await Task.sleep(for: .milliseconds(100))
    }
    environment.failures.add("not every participant was ready to send within \(Self.joinPatience) s")
  }

  private func talk(
    from start: MonotonicInstant, _ members: inout [[CallParticipant]], _ departed: inout [CallParticipant]
  ) async throws {
    let scenario = environment.scenario
    var events = scenario.churnEvents[...]
    var nextNumber = scenario.participants
    let end = start + scenario.duration
    while MonotonicClock.now() < end {
      let elapsed = TimeInterval(nanoseconds: MonotonicClock.now().nanoseconds(since: start))
      if let event = events.first, event.at <= elapsed {
        events.removeFirst()
        progress(event.kind == .join ? "a member joins" : "a member leaves")
        switch event.kind {
        case .join:
          for room in rooms { await add(nextNumber, room, to: &members[room.index]) }
          nextNumber += 1
        case .leave: for room in rooms { removeOne(from: &members[room.index], to: &departed) }
        }
      }
      let sent = rooms.reduce(0) { $0 + $1.sent.total }
      progress(
        "\(CallReportText.fixed(elapsed.seconds, 0)) of \(CallReportText.fixed(scenario.duration.seconds, 0)) s, "
          + "\(members.reduce(0) { $0 + $1.count }) members, \(sent) frames sent")
      let rest = events.first.map { start + $0.at } ?? end
      let pause = min(rest, end).nanoseconds(since: MonotonicClock.now())
      try await Task.sleep(for: .nanoseconds(Int64(min(max(pause, 1_000_000), 1_000_000_000))))
    }
  }

  /// A join in the middle of the call that fails is a result, not the end of the run.
  private func add(_ number: Int, _ room: CallRoom, to members: inout [CallParticipant]) async {
    do { members.append(try await join(number, room)) } catch {
      environment.failures.add("participant \(number) of room \(room.index) could not join: \(error)")
    }
  }

  /// The first in log order goes, so that the committer's role changes hands as well; in the recorded room the second,
  /// since the first is the one that records.
  private func removeOne(from members: inout [CallParticipant], to departed: inout [CallParticipant]) {
    guard members.count > 2, let room = members.first?.room else { return }
    let leaver = members.remove(at: room.index == 0 ? 1 : 0)
    leaver.leaveAndHaunt()
    departed.append(leaver)
  }

  private func writeRecordings(_ books: CallBooks) throws {
    guard let folder = environment.scenario.recordFolder, let recorder = environment.recorder else { return }
    let paths = try recorder.write(to: folder, names: books.names)
    progress("recorded \(paths.count) files in \(folder)")
  }
}
