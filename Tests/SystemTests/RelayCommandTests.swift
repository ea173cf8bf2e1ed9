import HopCrypto
import LoadGen
import Testing

extension SystemTests {
  @Suite("sfu-relay: what it cannot run with") struct RelayCommandTests {
    struct Fault: Sendable, CustomTestStringConvertible {
      let yaml: String
      var arguments: [String] = []
      /// What the line must name: where, key, value, what is allowed.
      let named: [String]

      var testDescription: String { "\(yaml) \(arguments)" }
    }

    static let faults: [Fault] = [
      Fault(yaml: "media:\n  udpPrt: 5000\n", named: ["relay.yaml", "media.udpPrt", "udpPort"]),
      Fault(yaml: "medja:\n  udpPort: 5000\n", named: ["relay.yaml", "medja", "media"]),
      Fault(yaml: "signaling:\n  port: many\n", named: ["relay.yaml", "signaling.port", "many", "0 to 65535"]),
      Fault(yaml: "signaling:\n  port: \"7443\"\n", named: ["relay.yaml", "signaling.port", "7443", "whole number"]),
      Fault(yaml: "signaling:\n  port: [1, 2]\n", named: ["relay.yaml", "signaling.port", "whole number"]),
      Fault(yaml: "signaling:\n  port: 70000\n", named: ["relay.yaml", "signaling.port", "70000", "65535"]),
      Fault(
        yaml: "metrics:\n  enabled: perhaps\n", named: ["relay.yaml", "metrics.enabled", "perhaps", "true or false"]),
      Fault(yaml: "media:\n  address: nowhere\n", named: ["relay.yaml", "media.address", "nowhere", "address"]),
      Fault(yaml: "log:\n  level: loud\n", named: ["relay.yaml", "log.level", "loud", "debug"]),
      Fault(yaml: "log: [\n", named: ["relay.yaml"]),
      Fault(
        yaml: "tls:\n  certificate: /nowhere/cert.pem\n  key: /nowhere/key.pem\n",
        named: ["relay.yaml", "tls.certificate", "/nowhere/cert.pem", "PEM"]),
      Fault(yaml: "tls:\n  certificate: /proc/version\n", named: ["tls.key", "PEM", "together"]),
      Fault(
        yaml: "tls:\n  certificate: /proc/version\n  key: /proc/version\n",
        named: ["relay.yaml", "tls.certificate", "/proc/version", "PEM"]),
      Fault(
        yaml: "tokens:\n  keys: [\"a=/nowhere/secret\"]\n",
        named: ["relay.yaml", "tokens.keys", "/nowhere/secret", "32 bytes"]),
      Fault(yaml: "", arguments: ["--signaling-port", "x"], named: ["signaling.port", "x", "65535"]),
      Fault(yaml: "", arguments: ["--set", "no.such=1"], named: ["no.such"]),
      Fault(yaml: "", arguments: ["--bogus"], named: ["--bogus"]),
    ]

    @Test("one line that names file, key, value and what is allowed; exit code 2", arguments: faults)
    func faulty(_ fault: Fault) async throws {
      let folder = try ScratchFolder()
      let file = try folder.write(fault.yaml, to: "relay.yaml")
      let run = try await RunningProcess.run("sfu-relay", ["serve", "--config", file] + fault.arguments, in: folder)
      #expect(run.exitCode == 2, "\(run.output)")
      #expect(run.output.split(separator: "\n").count == 1, "\(run.output)")
      for name in fault.named { #expect(run.output.contains(name), "\(name) is missing: \(run.output)") }
    }

    @Test("a file that is not there: one line, exit code 2")
    func noFile() async throws {
      let folder = try ScratchFolder()
      let run = try await RunningProcess.run("sfu-relay", ["serve", "--config", "/nowhere/relay.yaml"], in: folder)
      #expect(run.exitCode == 2)
      #expect(run.output.split(separator: "\n").count == 1 && run.output.contains("/nowhere/relay.yaml"))
    }

    @Test("a busy port: one line that names its key; exit code 2, and none of the other ports is open")
    func busyPort() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder)
      let free = try await TestRelay.development(folder)
      let ports = (signaling: free.signalingPort, metrics: free.metricsPort, media: Int(free.mediaPorts[0]))
      free.process.terminate()
      #expect(try await free.process.waitForExit() == 0)
      let attempts: [(String, signaling: Int, metrics: Int, media: Int)] = [
        ("signaling.port", relay.signalingPort, ports.metrics, ports.media),
        ("metrics.port", ports.signaling, relay.metricsPort, ports.media),
        ("media.udpPort", ports.signaling, ports.metrics, Int(relay.mediaPorts[0])),
      ]
      for (key, signaling, metrics, media) in attempts {
        let run = try await RunningProcess.run(
          "sfu-relay",
          [
            "serve", "--dev", "--media-shards", "1", "--log-level", "error", "--signaling-port", "\(signaling)",
            "--metrics-port", "\(metrics)", "--media-udp-port", "\(media)",
          ], in: folder)
        #expect(run.exitCode == 2)
        #expect(run.output.split(separator: "\n").count == 1, "\(run.output)")
        for name in [key, "free"] { #expect(run.output.contains(name), "\(run.output)") }
      }
      // The one that was there before still serves.
      #expect(try await relay.metric("sfu_shards") == 2)
    }

    @Test("the documented settings are the defaults, and check-config accepts them")
    func documented() async throws {
      let folder = try ScratchFolder()
      let run = try await RunningProcess.run(
        "sfu-relay", ["check-config", "--config", Self.documentedSettings], in: folder)
      #expect(run.exitCode == 0, "\(run.output)")
    }

    private static var documentedSettings: String {
      #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/Config/relay.yaml"
    }

    @Test("version and help are printed, exit code 0")
    func help() async throws {
      let folder = try ScratchFolder()
      for (arguments, expected) in [
        (["--version"], "sfu-relay"), (["--help"], "check-config"), (["serve", "--help"], "--config"),
      ] {
        let run = try await RunningProcess.run("sfu-relay", arguments, in: folder)
        #expect(run.exitCode == 0 && run.output.contains(expected))
      }
    }
  }
}
