import DatagramIO
import FoundationEssentials
import Glibc
import NIOCore
import WireBytes

/// A Janus of the run's own on loopback: configuration from a folder of templates, everything that it writes in a folder
/// that goes with it, ended by its pid.
struct JanusProcess: Sendable {
  let process: ChildProcess
  let port: Int
  private let folder: String

  /// `templates` holds jcfg files in which `@PORT@`, `@RTP_PORTS@` and `@FOLDER@` stand for what is chosen here. Janus
  /// offers no loopback addresses; `preload` is the library that lets it.
  static func start(
    executable: String, templates: String, preload: String, on group: any EventLoopGroup
  ) async throws -> JanusProcess {
    let folder = "/tmp/sfu-loadgen-janus-\(getpid())-\(MonotonicClock.now().nanoseconds)"
    try FileBytes.makeDirectory(folder)
    let port = try FreePorts.tcp()
    let media = try FreePorts.udp(count: 4_000)
    for name in try FileManager.default.contentsOfDirectory(atPath: templates) where name.hasSuffix(".jcfg") {
      let text = String(decoding: try FileBytes.read("\(templates)/\(name)"), as: UTF8.self)
      let filled = text.replacing("@PORT@", with: "\(port)").replacing("@FOLDER@", with: folder)
        .replacing("@RTP_PORTS@", with: "\(media)-\(media + 3_999)")
      try FileBytes.write(Array(filled.utf8), to: "\(folder)/\(name)")
    }
    let process = try ChildProcess(
      executable: "/usr/bin/env", arguments: ["LD_PRELOAD=\(preload)", executable, "-F", folder],
      logPath: "\(folder)/janus.log")
    TerminationGuard.protect(process)
    let janus = JanusProcess(process: process, port: port, folder: folder)
    var hasEnded = false
    for _ in 0..<100 where !hasEnded {
      if let session = try? await JanusSession.open(port: port, on: group) {
        await session.close()
        return janus
      }
      hasEnded = process.exitStatus() != nil
      try await Task.sleep(for: .milliseconds(100))
    }
    let log = String(decoding: (try? FileBytes.read("\(folder)/janus.log")) ?? [], as: UTF8.self)
    if hasEnded { TerminationGuard.release(process) } else { _ = await janus.stop() }
    throw CommandError("Janus does not answer: \(log.suffix(400))")
  }

  func stop() async -> String? {
    let complaint = await process.end(patience: 50)
    try? FileManager.default.removeItem(atPath: folder)
    return complaint.map { "Janus \($0)" }
  }
}
