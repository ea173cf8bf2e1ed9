import ClientEngine
import E2EKeys
import Signaling
import WireBytes

/// All that was sent set against all that was received.
struct CallBooks: Sendable {
  /// What is taken over from one participant's queue.
  struct Account: Sendable {
    let number: Int
    let room: Int
    let member: MemberID
    let startedAt: MonotonicInstant
    let sendingFrom: MonotonicInstant?
    let leftAt: MonotonicInstant?
    let audit: ReceiveAudit
    let decryptFailures: UInt64
  }

  private let accounts: [Account]
  private let rooms: [CallRoom]
  private let start: MonotonicInstant
  private let stoppedAt: MonotonicInstant

  /// A frame sealed this shortly before a member left may or may not have reached it.
  private static let leaveTolerance = TimeInterval.milliseconds(300)

  static func close(
    present: [CallParticipant], departed: [CallParticipant], rooms: [CallRoom], start: MonotonicInstant,
    stoppedAt: MonotonicInstant
  ) async -> CallBooks {
    var accounts: [Account] = []
    for participant in present + departed {
      let room = participant.room.index
      accounts.append(await participant.query { $0.account(room: room) })
    }
    return CallBooks(accounts: accounts, rooms: rooms, start: start, stoppedAt: stoppedAt)
  }

  func names(of participants: [CallParticipant]) -> [MemberID: Int] {
    var names: [MemberID: Int] = [:]
    for account in accounts where account.room == 0 { names[account.member] = account.number }
    return names
  }

  func report(
    _ environment: CallEnvironment, before: RelayMeasurements?, after: RelayMeasurements?
  ) -> CallReport {
    var (audio, video, joins) = (Samples(), Samples(), Samples())
    var (decrypted, missing, mismatches, disorder) = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    var scores = Samples()
    for account in accounts {
      var (ownReceived, ownMissing, delays) = (0, 0, Samples())
      for (key, stream) in account.audit.streams {
        let lost = missingFrames(of: key, in: stream, for: account)
        decrypted += UInt64(stream.received)
        missing += UInt64(lost)
        mismatches += stream.mismatches
        disorder += stream.outOfOrder
        if key.stream.source.kind == .audio {
          audio.add(stream.latency)
          delays.add(stream.latency)
          ownReceived += stream.received
          ownMissing += lost
        } else {
          video.add(stream.latency)
        }
      }
      missing += UInt64(neverHeard(by: account))
      if let first = account.audit.firstFrameAt { joins.add(first.milliseconds(since: joinStart(of: account))) }
      guard ownReceived > 0 else { continue }
      // Mouth to ear: a packet of sound, the network, and a play-out buffer of two packets.
      let delay = 20 + delays.percentile(0.5) / 1_000 + 40
      let loss = Double(ownMissing) / Double(ownReceived + ownMissing)
      scores.add(EModel.meanOpinionScore(delayMilliseconds: delay, loss: loss))
    }
    let windows = rooms.flatMap { $0.ledger.removalWindows }.reduce(into: Samples()) { $0.add($1) }
    let ghosts = rooms.map { $0.ghosts.result }
    var suites: [String: Int] = [:]
    for room in rooms { suites.merge(room.ledger.suites, uniquingKeysWith: +) }
    let forwarded = (after?.packetsForwarded ?? 0) - (before?.packetsForwarded ?? 0)
    let drops = before.flatMap { before in after.map { $0.dropsSince(before) } } ?? [:]
    let harmful = drops.filter { RelayMeasurements.harmful.contains($0.key) }.values.reduce(0, +)
    let cpu = before?.cpuSeconds.flatMap { start in after?.cpuSeconds.map { $0 - start } } ?? 0
    var report = CallReport(
      participants: environment.scenario.rooms * environment.scenario.participants,
      rooms: environment.scenario.rooms, duration_s: stoppedAt.milliseconds(since: start) / 1_000,
      frames_sent: rooms.reduce(0) { $0 + $1.sent.total }, frames_decrypted: decrypted, frames_missing: missing,
      decrypt_failures: accounts.reduce(0) { $0 + $1.decryptFailures }, content_mismatches: mismatches,
      out_of_order: disorder, suites: suites,
      rekeys: rooms.flatMap { $0.ledger.rekeys(room: $0.index) },
      removal_window_ms: CallReport.Spread(p50: windows.percentile(0.5), p95: windows.percentile(0.95)),
      departed_frames_tried: ghosts.reduce(0) { $0 + $1.tried },
      departed_frames_opened: ghosts.reduce(0) { $0 + $1.opened },
      latency_us: CallReport.Latencies(audio: CallReport.Latency(audio), video: CallReport.Latency(video)),
      join_ms: CallReport.Spread(p50: joins.percentile(0.5), p95: joins.percentile(0.95)),
      packets_forwarded: forwarded, relay_cpu_us_per_packet: forwarded > 0 ? cpu * 1e6 / Double(forwarded) : 0,
      relay_rss_bytes: after?.residentBytes ?? 0, relay_drops: drops,
      loss_percent: forwarded > 0 ? 100 * Double(harmful) / Double(forwarded + harmful) : 0,
      mos: CallReport.Quality(min: scores.minimum, p50: scores.percentile(0.5)), verdict: "", failures: [])
    report.failures =
      environment.failures.texts + environment.scenario.thresholds.failures(of: report, relayDrops: harmful)
    report.verdict = report.failures.isEmpty ? "pass" : "fail"
    return report
  }

  private func missingFrames(of key: ReceiveAudit.Key, in stream: StreamAudit, for account: Account) -> Int {
    let sent = rooms[account.room].sent
    let senderEnd = accounts.first { $0.room == account.room && $0.member == key.member }?.leftAt
    let end = [stoppedAt, account.leftAt, senderEnd].compactMap { $0 }.min() ?? stoppedAt
    let cutShort = account.leftAt != nil || senderEnd != nil
    let deadline = cutShort ? end - Self.leaveTolerance : end
    return stream.missing(of: sent.count(key.member, key.stream, before: deadline))
  }

  /// Frames of senders from whom this participant got nothing at all though both were there long enough.
  private func neverHeard(by account: Account) -> Int {
    var count = 0
    for sender in accounts where sender.room == account.room && sender.member != account.member {
      guard let from = sender.sendingFrom else { continue }
      let begin = max(from, account.startedAt) + .seconds(3)
      let end = [stoppedAt, account.leftAt, sender.leftAt].compactMap { $0 }.min() ?? stoppedAt
      guard begin < end else { continue }
      for stream in [MediaStream.microphone, .camera0] {
        let key = ReceiveAudit.Key(member: sender.member, stream: stream)
        guard account.audit.streams[key]?.firstOrdinal == nil else { continue }
        let sent = rooms[account.room].sent
        count += sent.count(sender.member, stream, before: end) - sent.count(sender.member, stream, before: begin)
      }
    }
    return count
  }

  /// A join is timed from its WebSocket's opening, or from the moment at which there was someone to hear.
  private func joinStart(of account: Account) -> MonotonicInstant {
    let others = accounts.filter { $0.room == account.room && $0.member != account.member }
    let someoneSends = others.compactMap(\.sendingFrom).min() ?? account.startedAt
    return max(account.startedAt, someoneSends)
  }
}
