/// What a run must meet to pass.
package struct Thresholds: Sendable {
  /// Missing frames, in percent of those expected.
  package var maxLossPercent = 0.1
  package var maxDecryptFailures: UInt64 = 0
  /// A third of the 150 ms one way that ITU-T G.114 asks for; the rest is for networks and play-out buffers.
  package var maxAudioLatencyP95Microseconds = 50_000.0
  /// The longest that any key change may take.
  package var maxRekeyMilliseconds = 2_500.0
  /// 95th percentile over the key changes of the measured call: the goal for the largest rooms.
  package var maxRekeyP95Milliseconds = 1_000.0
  /// The same, and the quarter of a second for which the relay gathers changes of a large room.
  package var maxRemovalP95Milliseconds = 1_250.0
  package var minMOS = 3.8
  package var maxJoinP95Milliseconds = 3_000.0

  package init() {}

  /// One sentence per unmet expectation; empty means pass.
  package func failures(of report: CallReport, relayDrops: UInt64) -> [String] {
    var failures: [String] = []
    let fixed = CallReportText.fixed
    if report.frames_decrypted == 0 { failures.append("no frame was decrypted") }
    let expected = Double(report.frames_decrypted + report.frames_missing)
    let missing = expected > 0 ? 100 * Double(report.frames_missing) / expected : 100
    if missing > maxLossPercent {
      failures.append("\(fixed(missing, 3)) % of the frames are missing; \(fixed(maxLossPercent, 3)) % are allowed")
    }
    if report.decrypt_failures > maxDecryptFailures {
      failures.append("\(report.decrypt_failures) frames could not be decrypted; \(maxDecryptFailures) are allowed")
    }
    if report.content_mismatches > 0 {
      failures.append("\(report.content_mismatches) frames differ from what was sent")
    }
    if report.frames_duplicated > 0 { failures.append("\(report.frames_duplicated) frames came more than once") }
    if report.out_of_order > 0 { failures.append("\(report.out_of_order) frames came out of order") }
    for rekey in report.rekeys {
      guard let time = rekey.converged_ms else {
        failures.append("room \(rekey.room): epoch \(rekey.epoch) (\(rekey.cause)) never converged")
        continue
      }
      if time > maxRekeyMilliseconds {
        failures.append(
          "room \(rekey.room): epoch \(rekey.epoch) took \(fixed(time, 0)) ms; \(fixed(maxRekeyMilliseconds, 0)) allowed"
        )
      }
    }
    if report.rekey_converged_ms.p95 > maxRekeyP95Milliseconds {
      failures.append(
        "rekey p95 is \(fixed(report.rekey_converged_ms.p95, 0)) ms; \(fixed(maxRekeyP95Milliseconds, 0)) allowed")
    }
    if report.removal_window_ms.p95 > maxRemovalP95Milliseconds {
      failures.append(
        "removal window p95 is \(fixed(report.removal_window_ms.p95, 0)) ms; "
          + "\(fixed(maxRemovalP95Milliseconds, 0)) allowed")
    }
    if report.departed_frames_opened > 0 {
      failures.append("departed members opened \(report.departed_frames_opened) later frames")
    }
    if report.latency_us.audio.p95 > maxAudioLatencyP95Microseconds {
      failures.append(
        "audio latency p95 is \(fixed(report.latency_us.audio.p95, 0)) us; "
          + "\(fixed(maxAudioLatencyP95Microseconds, 0)) allowed")
    }
    if report.mos.min > 0, report.mos.min < minMOS {
      failures.append("a listener's MOS is \(fixed(report.mos.min, 2)); \(fixed(minMOS, 2)) is the least allowed")
    }
    if report.join_ms.p95 > maxJoinP95Milliseconds {
      failures.append(
        "join p95 is \(fixed(report.join_ms.p95, 0)) ms; \(fixed(maxJoinP95Milliseconds, 0)) allowed")
    }
    if relayDrops > 0 { failures.append("the relay dropped \(relayDrops) packets that it should have forwarded") }
    return failures
  }
}
