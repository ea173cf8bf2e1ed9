import FoundationEssentials
import LoadGen
import Testing

extension SystemTests {
  /// Sizes are those that a release build carries on two cores; a debug build is too slow for them.
  @Suite("as many as two cores carry") struct LoadTests {
    /// The part of the report that says what the relay did.
    private struct Forwarded: Decodable {
      let participants: Int
      let frames_decrypted, decrypt_failures, content_mismatches: Int
      let packets_forwarded: Int
      let loss_percent: Double
      let failures: [String]
    }

    /// Drops by which a call loses what the relay had; others are of packets that nobody may send.
    static let harmful = [
      "sfu_packets_dropped_total{reason=\"slab_exhausted\"}", "sfu_packets_dropped_total{reason=\"batch_full\"}",
      "sfu_packets_dropped_total{reason=\"protect_failed\"}", "sfu_packets_dropped_total{reason=\"rtp_too_long\"}",
      "sfu_udp_kernel_drops_total", "sfu_udp_slab_drops_total", "sfu_udp_send_would_block_total",
      "sfu_udp_send_errors_total",
    ]

    /// Two cores must not only relay but also be all the clients: how late frames are says nothing here.
    private func hold(_ arguments: [String]) async throws -> Forwarded {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder)
      let json = folder.path(of: "report.json")
      let address = ["--relay", "ws://127.0.0.1:\(relay.signalingPort)", "--metrics-port", "\(relay.metricsPort)"]
      let run = try await RunningProcess.run(
        "sfu-loadgen", ["call", "--quiet", "--json", json] + address + arguments + LoadGenReportTests.patience,
        in: folder, within: .seconds(90))
      #expect(relay.process.exitCode == nil, "the relay has ended: \(relay.process.output)")
      let report = try JSONDecoder().decode(Forwarded.self, from: Data(try FileBytes.read(json)))
      #expect(run.exitCode == 0, "\(report)")
      let page = try await relay.metricsPage().split(separator: "\n")
      for series in Self.harmful { #expect(page.contains("\(series) 0"), "\(series)") }
      return report
    }

    /// Thirty of them talk: with all, it is the clients on the same two cores that are measured.
    @Test("fifty in one room: nothing is lost at the relay")
    func fifty() async throws {
      let report = try await hold(["--participants", "50", "--talkers", "30", "--no-video", "--duration", "5s"])
      #expect(report.participants == 50)
      #expect(report.packets_forwarded > 30 * 49 * 200)
      #expect(report.loss_percent == 0 && report.failures.isEmpty)
      #expect(report.decrypt_failures == 0 && report.content_mismatches == 0)
    }

    @Test("ten rooms of eight: nothing is lost at the relay")
    func tenRooms() async throws {
      let report = try await hold(
        ["--rooms", "10", "--participants", "8", "--duration", "4s", "--video-bitrate", "300000"])
      #expect(report.participants == 80)
      #expect(report.packets_forwarded > 10 * 8 * 7 * 200)
      #expect(report.loss_percent == 0 && report.failures.isEmpty)
      #expect(report.decrypt_failures == 0 && report.content_mismatches == 0)
    }
  }
}
