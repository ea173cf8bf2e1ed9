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

    /// Two cores must not only relay but also be all the clients: how late frames are says nothing here.
    private func hold(_ arguments: [String]) async throws -> Forwarded {
      let folder = try ScratchFolder()
      let json = folder.path(of: "report.json")
      let run = try await RunningProcess.run(
        "sfu-loadgen", ["call", "--quiet", "--json", json] + arguments + LoadGenReportTests.patience, in: folder)
      #expect(run.exitCode == 0, "\(run.output)")
      return try JSONDecoder().decode(Forwarded.self, from: Data(try FileBytes.read(json)))
    }

    @Test("fifty in one room: nothing is lost at the relay")
    func fifty() async throws {
      let report = try await hold(["--participants", "50", "--no-video", "--duration", "5s"])
      #expect(report.participants == 50)
      #expect(report.packets_forwarded > 50 * 49 * 200)
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
