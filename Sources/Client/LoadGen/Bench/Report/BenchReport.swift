import FoundationEssentials

/// What a bench run found, for machines; `BenchTable` shows it to people. The properties are the JSON's fields, and what
/// could not be measured is null.
package struct BenchReport: Codable, Sendable {
  /// One server under one load for a while.
  package struct Window: Codable, Sendable {
    package var scenario: String
    package var arm: String
    package var pair: Int
    package var seconds: Double
    package var packets_in: UInt64
    package var packets_expected: UInt64
    package var packets_received: UInt64
    package var loss_percent: Double
    package var bytes_per_packet: Double
    /// CPU time of the server's threads for each packet that arrived.
    package var cpu_us_per_packet: Double = 0
    /// Of one core.
    package var server_cpu_percent: Double = 0
    package var context_switches_per_packet: Double = 0
    package var resident_bytes: UInt64 = 0
    package var threads = 0
    @NullIfUnknown package var datagrams_per_send_call: Double?
    @NullIfUnknown package var segmented_percent: Double?
    package var latency_p50_us: Double = 0
    package var latency_p99_us: Double = 0
    package var lateness_p99_us: Double = 0
    package var loadgen_cpu_percent: Double = 0
    package var loadgen_drops: UInt64
    package var packets_opened: UInt64
    package var packets_bad: UInt64
    /// Why the load generator, not the server, may have set the result; empty if it did not.
    package var invalid_because: String = ""
  }

  /// Medians over the pairs of one scenario and one arm.
  package struct Row: Codable, Sendable {
    package var scenario: String
    package var arm: String
    package var windows: Int
    package var valid: Bool
    package var note: String
    package var packets_per_second: Double
    package var cpu_us_per_packet: Double
    /// Median of the pairs' ratios to the relay's cost.
    @NullIfUnknown package var times_relay: Double?
    package var latency_p50_us: Double
    package var latency_p99_us: Double
    package var loss_percent: Double
    package var context_switches_per_packet: Double
    @NullIfUnknown package var datagrams_per_send_call: Double?
    package var server_cpu_percent: Double
    package var lateness_p99_us: Double
    package var loadgen_cpu_percent: Double
  }

  package struct Memory: Codable, Sendable {
    package var scenario: String
    package var arm: String
    package var members: Int
    /// Growth since before the first member, for each member.
    @NullIfUnknown package var bytes_per_member_idle: Double?
    @NullIfUnknown package var bytes_per_member_with_media: Double?
    /// CPU time without media, ms a second.
    package var idle_ms_per_second: Double
    package var threads: Int
    package var srtp_profile: String
  }

  package struct Storm: Codable, Sendable {
    package var scenario: String
    package var arm: String
    package var joins: Int
    package var failures: Int
    package var seconds: Double
    package var join_p50_ms: Double
    package var join_p95_ms: Double
    package var join_max_ms: Double
    /// In the calls that were up.
    package var loss_percent: Double
    package var packets_lost: UInt64
    package var latency_p99_us: Double
    package var server_cpu_percent: Double
    package var lateness_p99_us: Double
    package var loadgen_cpu_percent: Double
    package var loadgen_drops: UInt64
  }

  /// Joins of members with end-to-end keys.
  package struct SealedJoin: Codable, Sendable {
    package var scenario: String
    package var p50_ms: Double
    package var p95_ms: Double
    package var verdict: String
  }

  package struct Machine: Codable, Sendable {
    package var cpu: String
    package var cores: Int
    package var kernel: String
    package var memory_bytes: UInt64
    package var load_average_before: String
  }

  package struct Soak: Codable, Sendable {
    package struct Point: Codable, Sendable {
      package var at_s: Double
      package var resident_bytes: UInt64

      package init(at_s: Double, resident_bytes: UInt64) {
        self.at_s = at_s
        self.resident_bytes = resident_bytes
      }
    }
    package var seconds: Double
    package var points: [Point]
    /// From the median of the second quarter to that of the last one, percent.
    package var growth_percent: Double
    package var loss_percent: Double
    package var cpu_us_per_packet: Double
  }

  /// The cheapest and the dearest size of a sweep.
  package struct Spread: Codable, Sendable {
    package var over: String
    package var least_us_per_packet: Double
    package var most_us_per_packet: Double
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
  package var spreads: [Spread] = []
  package var failures: [String] = []
  package var windows: [Window] = []

  package var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a report is numbers and text") }
    return Array(data) + [10]
  }
}
