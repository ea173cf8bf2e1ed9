import E2EKeys
import FoundationEssentials
import LoadGen
import Testing

extension SystemTests {
  @Suite("sfu-loadgen call: verdict, report and exit code") struct LoadGenReportTests {
    /// What a slow test machine may take; the defaults are for operators.
    static let patience = [
      "--max-latency", "2000", "--max-join", "20000", "--max-rekey", "8000", "--max-rekey-p95", "8000",
      "--max-removal-p95", "8000", "--min-mos", "1",
    ]

    @Test("eight members with joins and leaves: pass, a complete report, and nothing for who has left")
    func eightWithChurn() async throws {
      let folder = try ScratchFolder()
      let json = folder.path(of: "report.json")
      let run = try await RunningProcess.run(
        "sfu-loadgen",
        [
          "call", "--participants", "8", "--duration", "8s", "--churn", "30", "--video-bitrate", "200000", "--json",
          json,
        ]
          + Self.patience, in: folder)
      #expect(run.exitCode == 0, "\(run.output)")
      let report = try JSONDecoder().decode(Promised.self, from: Data(try FileBytes.read(json)))
      #expect(report.verdict == "pass")
      #expect(report.failures.isEmpty)
      #expect(report.participants == 8)
      #expect(report.frames_sent > 3_000)
      #expect(report.frames_decrypted > 7 * 3_000)
      #expect(report.decrypt_failures == 0 && report.content_mismatches == 0)
      #expect(report.suites.keys.sorted() == ["x25519-mlkem1024"])
      #expect(report.rekeys.contains { $0.cause == "leave" } && report.rekeys.contains { $0.cause == "join" })
      #expect(report.rekeys.allSatisfy { $0.converged_ms != nil })
      #expect(report.removal_window_ms.p95 > 0)
      #expect(report.departed_frames_tried > 100)
      #expect(report.departed_frames_opened == 0)
      #expect(report.packets_forwarded > 0 && report.relay_rss_bytes > 0 && report.relay_cpu_us_per_packet > 0)
    }

    @Test("a call can be held by each suite, and one that fell back says so", arguments: KeyAgreementSuite.allCases)
    func suites(suite: KeyAgreementSuite) async throws {
      let folder = try ScratchFolder()
      let json = folder.path(of: "report.json")
      let run = try await RunningProcess.run(
        "sfu-loadgen",
        ["call", "--participants", "2", "--duration", "1s", "--no-video", "--suite", suite.name, "--json", json]
          + Self.patience, in: folder)
      #expect(run.exitCode == 0, "\(run.output)")
      let report = try JSONDecoder().decode(Promised.self, from: Data(try FileBytes.read(json)))
      #expect(report.suites.keys.sorted() == [suite.name])
      #expect(run.output.contains("FALLBACK") == !suite.is1024)
    }

    @Test("the JSON has every field that is promised")
    func fields() async throws {
      let folder = try ScratchFolder()
      let json = folder.path(of: "deep/er/report.json")
      let run = try await RunningProcess.run(
        "sfu-loadgen",
        ["--participants", "2", "--duration", "1s", "--no-video", "--suite", "mlkem1024", "--json", json]
          + Self.patience, in: folder)
      #expect(run.exitCode == 0, "\(run.output)")
      let report = try JSONDecoder().decode(Promised.self, from: Data(try FileBytes.read(json)))
      #expect(report.suites.keys.sorted() == ["mlkem1024"])
      #expect(report.duration_s >= 1 && report.duration_s < 10)
      #expect(report.latency_us.audio.p50 <= report.latency_us.audio.p95)
      #expect(report.latency_us.audio.p95 <= report.latency_us.audio.p99)
      #expect(report.join_ms.p50 > 0 && report.mos.min > 1)
    }

    @Test("a threshold that cannot be met: fail, exit code 1, and the reason")
    func failing() async throws {
      let folder = try ScratchFolder()
      let json = folder.path(of: "report.json")
      let run = try await RunningProcess.run(
        "sfu-loadgen",
        ["call", "--participants", "2", "--duration", "1s", "--no-video", "--json", json] + Self.patience
          + ["--max-latency", "0.001"], in: folder)
      #expect(run.exitCode == 1)
      let report = try JSONDecoder().decode(Promised.self, from: Data(try FileBytes.read(json)))
      #expect(report.verdict == "fail")
      #expect(report.failures.contains { $0.contains("latency") })
    }

    static let wrongFlags: [([String], String)] = [
      (["--participants", "1"], "--participants 1"), (["--participants", "many"], "many"),
      (["--rooms", "0"], "--rooms 0"),
      (["--duration", "soon"], "--duration soon"), (["--duration", "10ms"], "--duration 10ms"),
      (["--churn", "-1"], "--churn"), (["--churn", "100000"], "--churn"), (["--suite", "rot13"], "--suite rot13"),
      (["--relay", "http://127.0.0.1"], "--relay http://127.0.0.1"), (["--relay", "ws://:1"], "--relay ws://:1"),
      (["--relay", "wss://127.0.0.1:7443", "--fingerprint", "abc"], "--fingerprint abc"),
      (["--video-bitrate", "1"], "--video-bitrate"), (["--no-audio", "--no-video"], "--no-video"),
      (["--audio", "/nowhere/speech.wav"], "/nowhere/speech.wav"),
      (["--video", "/nowhere/clip.ivf"], "/nowhere/clip.ivf"), (["--video", "/proc/version"], "/proc/version"),
      (["--bogus"], "--bogus"), (["nonsense"], "nonsense"),
    ]

    @Test("a wrong flag: one line that names it, exit code 2", arguments: wrongFlags)
    func wrongFlag(_ arguments: [String], _ named: String) async throws {
      let folder = try ScratchFolder()
      let run = try await RunningProcess.run("sfu-loadgen", ["call", "--quiet"] + arguments, in: folder)
      #expect(run.exitCode == 2, "\(run.output)")
      #expect(run.output.split(separator: "\n").count == 1, "\(run.output)")
      #expect(run.output.contains(named), "\(run.output)")
    }

    @Test("no relay at the address: one line, exit code 2")
    func noRelay() async throws {
      let folder = try ScratchFolder()
      let run = try await RunningProcess.run(
        "sfu-loadgen", ["call", "--quiet", "--relay", "ws://127.0.0.1:1"], in: folder)
      #expect(run.exitCode == 2)
      #expect(run.output.split(separator: "\n").count == 1, "\(run.output)")
    }
  }
}

/// The fields that the report is promised to have, in their types; decoding fails when one is missing.
private struct Promised: Decodable {
  struct Rekey: Decodable {
    let epoch: Int
    let cause: String
    let converged_ms: Double?
  }
  struct Spread: Decodable { let p50, p95: Double }
  struct Latency: Decodable { let p50, p95, p99: Double }
  struct Latencies: Decodable { let audio, video: Latency }
  struct Quality: Decodable { let min, p50: Double }

  let participants: Int
  let duration_s: Double
  let frames_sent, frames_decrypted, frames_missing, decrypt_failures, content_mismatches: Int
  let suites: [String: Int]
  let rekeys: [Rekey]
  let removal_window_ms: Spread
  let departed_frames_tried, departed_frames_opened: Int
  let latency_us: Latencies
  let join_ms: Spread
  let packets_forwarded: Int
  let relay_cpu_us_per_packet: Double
  let relay_rss_bytes: Int
  let loss_percent: Double
  let mos: Quality
  let verdict: String
  let failures: [String]
}
