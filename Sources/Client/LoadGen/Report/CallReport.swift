import FoundationEssentials

/// What a run found: for machines as JSON, for people by `CallReportText`.
///
/// The properties are the JSON's fields. Spreads of what did not take place are 0; what could not be measured is null.
package struct CallReport: Codable, Sendable {
  package struct Spread: Codable, Sendable {
    package var p50: Double
    package var p95: Double

    init(_ samples: Samples) {
      let values = samples.percentiles([0.5, 0.95])
      (p50, p95) = (values[0], values[1])
    }
  }

  package struct Latency: Codable, Sendable {
    package var p50: Double
    package var p95: Double
    package var p99: Double

    init(_ samples: Samples) {
      let values = samples.percentiles([0.5, 0.95, 0.99])
      (p50, p95, p99) = (values[0], values[1], values[2])
    }
  }

  package struct Latencies: Codable, Sendable {
    package var audio: Latency
    package var video: Latency
  }

  package struct RekeyResult: Codable, Sendable {
    package var room: Int
    package var epoch: UInt32
    package var cause: String
    /// Seconds from the beginning of the measured call; negative while everyone still joined.
    package var at_s: Double
    /// From the membership change at the relay's clients to the last member on the new epoch; nil if one never came.
    @NullIfUnknown package var converged_ms: Double?
  }

  /// Mean opinion scores, 1 to 4.5; 0 when no audio was heard.
  package struct Quality: Codable, Sendable {
    package var min: Double
    package var p50: Double
  }

  package var participants: Int
  package var rooms: Int
  package var duration_s: Double
  package var frames_sent: UInt64
  package var frames_decrypted: UInt64
  package var frames_missing: UInt64
  package var frames_duplicated: UInt64
  package var decrypt_failures: UInt64
  package var content_mismatches: UInt64
  package var out_of_order: UInt64
  package var suites: [String: Int]
  package var keys: KeyReport
  package var rekeys: [RekeyResult]
  /// Of the key changes within the measured call.
  package var rekey_converged_ms: Convergence
  /// Of those before it, while everyone joined.
  package var setup_rekey_converged_ms: Convergence
  /// Joins and leaves within the measured call.
  package var changes: [Change]
  package var removal_window_ms: Spread
  /// Frames sealed after its removal that a departed member tried, and how many of them it could open.
  package var departed_frames_tried: UInt64
  package var departed_frames_opened: UInt64
  package var latency_us: Latencies
  package var join_ms: Spread
  @NullIfUnknown package var packets_forwarded: UInt64?
  @NullIfUnknown package var relay_cpu_us_per_packet: Double?
  @NullIfUnknown package var relay_rss_bytes: UInt64?
  package var relay_drops: [String: UInt64]
  @NullIfUnknown package var loss_percent: Double?
  package var mos: Quality
  package var verdict: String
  package var failures: [String]

  /// Something that went wrong after the report was made.
  mutating func fail(_ reason: String) {
    failures.append(reason)
    verdict = "fail"
  }

  package var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a report is numbers and text") }
    return Array(data) + [10]
  }
}
