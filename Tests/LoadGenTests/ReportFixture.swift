import FoundationEssentials
import LoadGen
import Testing

/// A report that passes, as JSON in the very form that is promised.
enum ReportFixture {
  static let json = """
    {
      "participants": 8, "rooms": 1, "duration_s": 20.04, "frames_sent": 1234567, "frames_decrypted": 8641969,
      "frames_missing": 3, "frames_duplicated": 0, "decrypt_failures": 0, "content_mismatches": 0, "out_of_order": 0,
      "suites": {"x25519-mlkem1024": 56},
      "keys": {
        "handshakes_at_1024_percent": 100.0, "calls_at_1024_percent": 100.0, "calls_with_fallback": 0,
        "fallback_suites": [], "handshakes": {"x25519-mlkem1024": {"made": 57, "opened": 56, "refused": 1}},
        "operations_ms": {"encapsulate": {"count": 1057, "p50": 0.061, "p95": 0.075}},
        "pq_join_ms": {"p50": 3.25, "p95": 4.5},
        "decrypt_failures": [{"cause": "unknownKey", "age": "older", "count": 12}],
        "sealed_messages": 2345, "sealed_bytes": 1048576
      },
      "rekeys": [
        {"room": 0, "epoch": 8, "cause": "join", "at_s": -0.5, "converged_ms": 44.0},
        {"room": 0, "epoch": 9, "cause": "leave", "at_s": 10.02, "converged_ms": 81.25}
      ],
      "rekey_converged_ms": {
        "count": 1, "p50": 81.25, "p95": 81.25, "max": 81.25,
        "by_cause": {"leave": {"count": 1, "p50": 81.25, "p95": 81.25, "max": 81.25}}
      },
      "setup_rekey_converged_ms": {
        "count": 1, "p50": 44.0, "p95": 44.0, "max": 44.0,
        "by_cause": {"join": {"count": 1, "p50": 44.0, "p95": 44.0, "max": 44.0}}
      },
      "changes": [{"room": 0, "kind": "leave", "at_s": 9.9}],
      "removal_window_ms": {"p50": 75.0, "p95": 90.0}, "departed_frames_tried": 1200, "departed_frames_opened": 0,
      "latency_us": {
        "audio": {"p50": 210.0, "p95": 700.0, "p99": 1500.0}, "video": {"p50": 400.0, "p95": 900.0, "p99": 2500.0}
      },
      "join_ms": {"p50": 60.0, "p95": 140.0}, "packets_forwarded": 98765, "relay_cpu_us_per_packet": 4.128,
      "relay_rss_bytes": 31457280, "relay_drops": {"late_for_slot": 5, "paddingless": 0}, "loss_percent": 0.0,
      "mos": {"min": 4.31, "p50": 4.37}, "verdict": "pass", "failures": []
    }
    """

  static func report(_ change: (inout CallReport) -> Void = { _ in }) throws -> CallReport {
    var report = try JSONDecoder().decode(CallReport.self, from: Data(json.utf8))
    change(&report)
    return report
  }
}
