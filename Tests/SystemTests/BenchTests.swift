import FoundationEssentials
import LoadGen
import Testing

extension SystemTests {
  @Suite("sfu-loadgen bench: what is measured is what was sent") struct BenchTests {
    private struct Report: Decodable {
      struct Window: Decodable {
        let scenario, arm: String
        let packets_expected, packets_received, packets_opened, packets_bad: Int
        let cpu_us_per_packet: Double
      }
      struct Memory: Decodable { let arm, srtp_profile: String }
      let failures: [String]
      let windows: [Window]
      let memory: [Memory]
    }

    /// A machine that is busy may be late, which is in the report; what must not be is a packet that does not open.
    @Test("the relay and the C forwarder pass on the same call, and every packet that is opened is one that was sent")
    func call() async throws {
      let folder = try ScratchFolder()
      let json = folder.path(of: "bench.json")
      let run = try await RunningProcess.run(
        "sfu-loadgen", ["bench", "--quick", "--quiet", "--only", "8-party", "--json", json], in: folder,
        within: .seconds(90))
      #expect(run.exitCode == 0, "\(run.output)")
      let report = try JSONDecoder().decode(Report.self, from: Data(try FileBytes.read(json)))
      #expect(report.failures.isEmpty)
      #expect(Set(report.windows.map(\.arm)) == ["relay", "C floor"])
      #expect(report.memory.map(\.srtp_profile) == ["AEAD_AES_256_GCM", "AEAD_AES_256_GCM"])
      for window in report.windows {
        #expect(window.packets_received > 2_000 && window.packets_opened > 200, "\(window)")
        #expect(window.packets_received <= window.packets_expected && window.packets_bad == 0, "\(window)")
        #expect(window.cpu_us_per_packet > 0, "\(window)")
      }
    }
  }
}
