import FoundationEssentials
import LoadGen
import NIOPosix
import Testing

/// A relay in a process of its own, on free ports of loopback.
final class TestRelay: Sendable {
  let process: RunningProcess
  let signalingPort: Int
  let metricsPort: Int
  let mediaPorts: [UInt16]
  /// SHA-256 of the self-signed certificate; nil without TLS.
  let fingerprint: [UInt8]?

  /// How its log says that it serves, with its ports.
  private static let readiness = "relay is ready"

  private init(_ process: RunningProcess) throws {
    self.process = process
    let ready = try #require(process.lines.first { $0.contains(Self.readiness) })
    signalingPort = try #require(Self.value("signaling_port", in: ready).flatMap { Int($0) })
    metricsPort = try #require(Self.value("metrics_port", in: ready).flatMap { Int($0) })
    mediaPorts = try #require(Self.value("media_ports", in: ready)).split(separator: ",").compactMap { UInt16($0) }
    fingerprint = process.lines.lazy.compactMap { Self.value("sha256", in: $0) }.first.flatMap {
      CertificatePin.parse(String($0))
    }
  }

  /// A relay for development, with settings as `--set` takes them.
  static func development(_ folder: ScratchFolder, settings: [String] = []) async throws -> TestRelay {
    try await start(["--dev", "--media-shards", "2"] + settings.flatMap { ["--set", $0] }, folder)
  }

  /// A relay as in production, with TLS and one token key: id `test`, secret in the folder's `secret`.
  static func production(_ folder: ScratchFolder, settings: [String] = []) async throws -> TestRelay {
    try folder.write("a secret of the test, of more than 32 bytes\n", to: "secret")
    let yaml = """
      signaling:
        address: 127.0.0.1
      media:
        address: 127.0.0.1
        shards: 2
      tokens:
        keys: ["test=\(folder.path(of: "secret"))"]
      """
    let file = try folder.write(yaml, to: "relay.yaml")
    return try await start(["--config", file] + settings.flatMap { ["--set", $0] }, folder)
  }

  private static func start(_ arguments: [String], _ folder: ScratchFolder) async throws -> TestRelay {
    let ports = ["--signaling-port", "0", "--metrics-port", "0", "--media-udp-port", "0"]
    let process = try RunningProcess(
      "sfu-relay", ["serve"] + arguments + ports, logPath: folder.path(of: "relay-\(UUID().uuidString).log"))
    try await eventually("the relay is ready") {
      if let code = process.exitCode { throw NeverHappened(description: "it ended with \(code): \(process.output)") }
      return process.output.contains(readiness)
    }
    return try TestRelay(process)
  }

  var address: RelayAddress {
    get throws {
      let scheme = fingerprint == nil ? "ws" : "wss"
      return try #require(
        RelayAddress(
          url: "\(scheme)://127.0.0.1:\(signalingPort)", trust: fingerprint.map { .fingerprint($0) } ?? .system))
    }
  }

  func metricsPage() async throws -> String {
    try await PlainHTTP.get(
      host: "127.0.0.1", port: metricsPort, path: "/metrics", on: MultiThreadedEventLoopGroup.singleton)
  }

  /// The sum of a metric over its labels.
  func metric(_ name: String) async throws -> Double {
    let samples = try await metricsPage().split(separator: "\n").filter { line in
      line.hasPrefix(name) && "{ ".contains(line.dropFirst(name.count).first ?? "x")
    }
    guard !samples.isEmpty else { throw NeverHappened(description: "the relay has no metric \(name)") }
    return samples.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
  }

  /// Whether all these metrics have these values.
  func shows(_ values: [String: Double]) async throws -> Bool {
    for (name, value) in values where try await metric(name) != value { return false }
    return true
  }

  private static func value(_ key: String, in line: Substring) -> Substring? {
    line.split(separator: " ").first { $0.hasPrefix("\(key)=") }?.dropFirst(key.count + 1)
  }
}
