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
    let keys: KeyMetrics
  }

  private let accounts: [Account]
  private let peers: [Int: [Account]]
  private let rooms: [CallRoom]
  private let start: MonotonicInstant
  private let stoppedAt: MonotonicInstant

  /// Two members must hear each other at the latest this long after both have keys and media.
  private static let joinTolerance = TimeInterval.seconds(3)
  /// A frame sealed this shortly before a member left may or may not have reached it.
  private static let leaveTolerance = TimeInterval.milliseconds(300)
  private static let streams = [MediaStream.microphone, .camera0]

  static func close(
    present: [CallParticipant], departed: [CallParticipant], rooms: [CallRoom], start: MonotonicInstant,
    stoppedAt: MonotonicInstant
  ) async -> CallBooks {
    var accounts: [Account] = []
    for participant in present + departed {
      let room = participant.room.index
      accounts.append(await participant.query { $0.account(room: room) })
    }
    return CallBooks(
      accounts: accounts, peers: Dictionary(grouping: accounts, by: \.room), rooms: rooms, start: start,
      stoppedAt: stoppedAt)
  }

  /// The numbers of the first room's members: it is the one that is recorded.
  var names: [MemberID: Int] {
    Dictionary((peers[0] ?? []).map { ($0.member, $0.number) }, uniquingKeysWith: { first, _ in first })
  }

  func report(_ environment: CallEnvironment, relay: RelayUsage) -> CallReport {
    let scenario = environment.scenario
    var tally = Tally()
    for account in accounts { count(account, into: &tally) }
    let windows = rooms.flatMap { $0.ledger.removalWindows }.reduce(into: Samples()) { $0.add($1) }
    let ghosts = rooms.map { $0.ghosts.result }
    let rekeys = rooms.flatMap { $0.ledger.rekeys(room: $0.index, from: start) }
    var report = CallReport(
      participants: scenario.rooms * scenario.participants, rooms: scenario.rooms,
      duration_s: stoppedAt.milliseconds(since: start) / 1_000, frames_sent: rooms.reduce(0) { $0 + $1.sent.total },
      frames_decrypted: tally.decrypted, frames_missing: tally.missing, frames_duplicated: tally.duplicates,
      decrypt_failures: accounts.reduce(0) { $0 + $1.decryptFailures }, content_mismatches: tally.mismatches,
      out_of_order: tally.disorder,
      suites: rooms.reduce(into: [:]) { $0.merge($1.ledger.suites, uniquingKeysWith: +) },
      keys: KeyReport(accounts.map(\.keys), fallbacks: rooms.map(\.ledger.fallbacks)), rekeys: rekeys,
      rekey_converged_ms: CallReport.Convergence(rekeys.filter { $0.at_s >= 0 }),
      setup_rekey_converged_ms: CallReport.Convergence(rekeys.filter { $0.at_s < 0 }),
      changes: rooms.flatMap { $0.ledger.changes(room: $0.index, from: start) },
      removal_window_ms: CallReport.Spread(windows),
      departed_frames_tried: ghosts.reduce(0) { $0 + $1.tried },
      departed_frames_opened: ghosts.reduce(0) { $0 + $1.opened },
      latency_us: CallReport.Latencies(
        audio: CallReport.Latency(tally.audio), video: CallReport.Latency(tally.video)),
      join_ms: CallReport.Spread(tally.joins), packets_forwarded: relay.packetsForwarded,
      relay_cpu_us_per_packet: relay.cpuMicrosecondsPerPacket, relay_rss_bytes: relay.residentBytes,
      relay_drops: relay.drops, loss_percent: relay.lossPercent,
      mos: CallReport.Quality(min: tally.scores.minimum, p50: tally.scores.percentile(0.5)), verdict: "", failures: [])
    report.failures =
      environment.failures.texts + scenario.thresholds.failures(of: report, relayDrops: relay.harmfulDrops)
    report.verdict = report.failures.isEmpty ? "pass" : "fail"
    return report
  }

  private struct Tally {
    var (audio, video, joins, scores) = (Samples(), Samples(), Samples(), Samples())
    var (decrypted, missing, duplicates, mismatches, disorder) = (UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0))
  }

  private func count(_ account: Account, into tally: inout Tally) {
    var (heard, unheard, delays) = (0, 0, Samples())
    for (key, stream) in account.audit.streams {
      tally.decrypted += UInt64(stream.received)
      tally.duplicates += stream.duplicates
      tally.mismatches += stream.mismatches
      tally.disorder += stream.outOfOrder
      if key.stream.source.kind == .audio {
        heard += stream.received
        delays.add(stream.latency)
      } else {
        tally.video.add(stream.latency)
      }
    }
    for sender in peers[account.room] ?? [] where sender.member != account.member {
      for stream in Self.streams {
        let missing = missingFrames(of: sender, stream, at: account)
        tally.missing += UInt64(missing)
        if stream == .microphone { unheard += missing }
      }
    }
    tally.audio.add(delays)
    if let first = account.audit.firstFrameAt { tally.joins.add(first.milliseconds(since: joinStart(of: account))) }
    guard heard > 0 else { return }
    // Mouth to ear: a packet of sound, the network, and a play-out buffer of two packets.
    let delay = 20 + delays.percentile(0.5) / 1_000 + 40
    let loss = Double(unheard) / Double(heard + unheard)
    tally.scores.add(EModel.meanOpinionScore(delayMilliseconds: delay, loss: loss))
  }

  private func missingFrames(of sender: Account, _ stream: MediaStream, at receiver: Account) -> Int {
    guard let sendingFrom = sender.sendingFrom else { return 0 }
    let begin = max(sendingFrom, receiver.sendingFrom ?? receiver.startedAt) + Self.joinTolerance
    let departure = [sender.leftAt, receiver.leftAt].compactMap { $0 }.min()
    let end = min(stoppedAt, departure.map { $0 - Self.leaveTolerance } ?? stoppedAt)
    let sent = rooms[receiver.room].sent
    let audit = receiver.audit.streams[ReceiveAudit.Key(member: sender.member, stream: stream)] ?? StreamAudit()
    return audit.missing(
      from: sent.count(sender.member, stream, before: begin), to: sent.count(sender.member, stream, before: end))
  }

  /// A join is timed from its WebSocket's opening, or from the moment at which there was someone to hear.
  private func joinStart(of account: Account) -> MonotonicInstant {
    let others = (peers[account.room] ?? []).lazy.filter { $0.member != account.member }
    let someoneSends = others.compactMap(\.sendingFrom).min() ?? account.startedAt
    return max(account.startedAt, someoneSends)
  }
}
