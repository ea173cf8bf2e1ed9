import FoundationEssentials

/// What a bench run found, for machines; `BenchTable` shows it to people. The properties are the JSON's fields, and what
/// could not be measured is null.
package struct BenchReport: Codable, Sendable {
  /// One server under one load for a while.
  package struct Window: Codable, Sendable {
    var scenario: String
    var arm: String
    var pair: Int
    var seconds: Double
    var packets_in: UInt64
    var packets_expected: UInt64
    var packets_received: UInt64
    var loss_percent: Double
    var bytes_per_packet: Double
    /// CPU time of the server's threads for each packet that arrived.
    var cpu_us_per_packet: Double = 0
    /// Of one core.
    var server_cpu_percent: Double = 0
    var context_switches_per_packet: Double = 0
    var resident_bytes: UInt64 = 0
    var threads = 0
    @NullIfUnknown var datagrams_per_send_call: Double?
    @NullIfUnknown var segmented_percent: Double?
    var latency_p50_us: Double = 0
    var latency_p99_us: Double = 0
    var lateness_p99_us: Double = 0
    var loadgen_cpu_percent: Double = 0
    var loadgen_drops: UInt64
    var packets_opened: UInt64
    var packets_bad: UInt64
    /// Why the load generator, not the server, may have set the result; empty if it did not.
    var invalid_because: String = ""
  }

  /// Medians over the pairs of one scenario and one arm.
  package struct Row: Codable, Sendable {
    var scenario: String
    var arm: String
    var windows: Int
    var valid: Bool
    var note: String
    var packets_per_second: Double
    var cpu_us_per_packet: Double
    /// Median of the pairs' ratios to the relay's cost.
    @NullIfUnknown var times_relay: Double?
    var latency_p50_us: Double
    var latency_p99_us: Double
    var loss_percent: Double
    var context_switches_per_packet: Double
    @NullIfUnknown var datagrams_per_send_call: Double?
    var server_cpu_percent: Double
    var lateness_p99_us: Double
    var loadgen_cpu_percent: Double
  }

  package struct Memory: Codable, Sendable {
    var scenario: String
    var arm: String
    var members: Int
    /// Growth since before the first member, for each member.
    @NullIfUnknown var bytes_per_member_idle: Double?
    @NullIfUnknown var bytes_per_member_with_media: Double?
    /// CPU time without media, ms a second.
    var idle_ms_per_second: Double
    var threads: Int
    var srtp_profile: String
  }

  package struct Storm: Codable, Sendable {
    var scenario: String
    var arm: String
    var joins: Int
    var failures: Int
    var seconds: Double
    var join_p50_ms: Double
    var join_p95_ms: Double
    var join_max_ms: Double
    /// In the calls that were up.
    var loss_percent: Double
    var packets_lost: UInt64
    var latency_p99_us: Double
    var server_cpu_percent: Double
    var lateness_p99_us: Double
    var loadgen_cpu_percent: Double
    var loadgen_drops: UInt64
  }

  /// Joins of members with end-to-end keys.
  package struct SealedJoin: Codable, Sendable {
    var scenario: String
    var p50_ms: Double
    var p95_ms: Double
    var verdict: String
  }

  package struct Machine: Codable, Sendable {
    var cpu: String
    var cores: Int
    var kernel: String
    var memory_bytes: UInt64
    var load_average_before: String
  }

  package struct Soak: Codable, Sendable {
    struct Point: Codable, Sendable {
      var at_s: Double
      var resident_bytes: UInt64
    }
    var seconds: Double
    var points: [Point]
    /// From the median of the second quarter to that of the last one, percent.
    var growth_percent: Double
    var loss_percent: Double
    var cpu_us_per_packet: Double
  }

  package var kind: String
  package var date: String
  package var command: String
  package var quick: Bool
  package var machine: Machine
  package var arms: [String: String]
  package var rows: [Row] = []
  package var memory: [Memory] = []
  package var storms: [Storm] = []
  package var sealed_joins: [SealedJoin] = []
  package var soak: [Soak] = []
  package var failures: [String] = []
  package var windows: [Window] = []

  package var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a report is numbers and text") }
    return Array(data) + [10]
  }
}
