import Glibc
import NIOCore

/// A relay of the run's own: the `sfu-relay` beside this executable, on free ports of loopback, ended with the run.
struct OwnRelay: Sendable {
  let process: ChildProcess
  let address: RelayAddress
  let metricsPort: Int
  private let logPath: String

  /// Starts the relay and waits until it answers, ten seconds at most. `settings` are `KEY=VALUE` of its configuration.
  static func start(shards: Int?, settings: [String] = [], on group: any EventLoopGroup) async throws -> OwnRelay {
    let executable = try beside("sfu-relay")
    let (signaling, metrics) = (try FreePorts.tcp(), try FreePorts.tcp())
    let count = shards ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let media = try FreePorts.udp(count: count)
    let logPath = "/tmp/sfu-loadgen-relay-\(getpid()).log"
    let process = try ChildProcess(
      executable: executable,
      arguments: [
        "serve", "--dev", "--signaling-port", "\(signaling)", "--metrics-port", "\(metrics)", "--media-udp-port",
        "\(media)", "--media-shards", "\(count)",
      ] + settings.flatMap { ["--set", $0] }, logPath: logPath)
    guard let address = RelayAddress(url: "ws://127.0.0.1:\(signaling)", trust: .anything) else {
      throw ChildProcessError(message: "no port is free")
    }
    TerminationGuard.protect(process)
    let relay = OwnRelay(process: process, address: address, metricsPort: metrics, logPath: logPath)
    for _ in 0..<100 {
      if (try? await PlainHTTP.get(host: "127.0.0.1", port: metrics, path: "/healthz", on: group)) != nil {
        return relay
      }
      if let status = process.exitStatus() {
        let log = String(decoding: (try? FileBytes.read(logPath)) ?? [], as: UTF8.self)
        let how = status & 0x7F == 0 ? "with status \(status >> 8)" : "by signal \(status & 0x7F)"
        throw ChildProcessError(message: "sfu-relay ended \(how): \(log.suffix(500))")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    process.kill9()
    throw ChildProcessError(message: "sfu-relay does not answer within 10 s; its log is \(logPath)")
  }

  /// Ends the relay as an operator would, and for certain. Returns what is to be said against how it ended; then its log
  /// stays.
  func stop() async -> String? {
    if let complaint = await process.end(patience: 80) { return "sfu-relay \(complaint); its log is \(logPath)" }
    unsafe unlink(logPath)
    return nil
  }

  /// The path of an executable that was built with this one.
  static func beside(_ name: String) throws -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { throw ChildProcessError(message: "the path of this executable cannot be read") }
    let own = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let path = "\(folder)/\(name)"
    guard unsafe access(path, X_OK) == 0 else {
      throw ChildProcessError(message: "\(path) is missing: build it")
    }
    return path
  }
}
