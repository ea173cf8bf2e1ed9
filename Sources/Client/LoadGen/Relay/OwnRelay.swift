import Glibc
import NIOCore
import WireBytes

/// A relay of the run's own: the `sfu-relay` beside this executable, on free ports of loopback, ended with the run.
struct OwnRelay: Sendable {
  let process: ChildProcess
  let address: RelayAddress
  let metricsPort: Int
  private let logPath: String

  /// Starts the relay and waits until it answers, ten seconds at most.
  static func start(shards: Int?, on group: any EventLoopGroup) async throws -> OwnRelay {
    let executable = try beside("sfu-relay")
    let (signaling, metrics) = (try freePort(), try freePort())
    let count = shards ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let media = try freeUDPPorts(count)
    let logPath = "/tmp/sfu-loadgen-relay-\(getpid()).log"
    let process = try ChildProcess(
      executable: executable,
      arguments: [
        "serve", "--dev", "--signaling-port", "\(signaling)", "--metrics-port", "\(metrics)", "--media-udp-port",
        "\(media)", "--media-shards", "\(count)",
      ], logPath: logPath)
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

  /// Ends the relay as an operator would, and for certain.
  func stop() async {
    process.terminate()
    for _ in 0..<80 {
      if process.exitStatus() != nil {
        unsafe unlink(logPath)
        return
      }
      try? await Task.sleep(for: .milliseconds(100))
    }
    process.kill9()
  }

  private static func beside(_ name: String) throws -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { throw ChildProcessError(message: "the path of this executable cannot be read") }
    let own = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let path = "\(folder)/\(name)"
    guard unsafe access(path, X_OK) == 0 else {
      throw ChildProcessError(message: "\(path) is missing: build it, or name a relay with --relay")
    }
    return path
  }

  private static func freePort() throws -> Int { try bound(SOCK_STREAM, port: 0) { Int($0) } }

  /// The first of `count` UDP ports in a row that are free now.
  private static func freeUDPPorts(_ count: Int) throws -> Int {
    for _ in 0..<50 {
      let first = try bound(SOCK_DGRAM, port: 0) { $0 }
      guard first < 65_000 - count else { continue }
      let rest = (1..<max(count, 2)).allSatisfy { offset in
        (try? bound(SOCK_DGRAM, port: first + UInt16(offset)) { _ in true }) ?? false
      }
      if rest { return Int(first) }
    }
    throw ChildProcessError(message: "no \(count) UDP ports in a row are free on 127.0.0.1")
  }

  private static func bound<Result>(
    _ type: __socket_type, port: UInt16, _ body: (UInt16) -> Result
  ) throws -> Result {
    let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
    defer { Glibc.close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        let bindStatus = unsafe bind(descriptor, generic, size)
        return bindStatus == 0 ? unsafe getsockname(descriptor, generic, &size) : bindStatus
      }
    }
    guard descriptor >= 0, status == 0 else { throw ChildProcessError(message: "a local port cannot be reserved") }
    return body(UInt16(bigEndian: address.sin_port))
  }
}
