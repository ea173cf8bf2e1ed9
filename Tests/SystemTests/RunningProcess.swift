import LoadGen
import Synchronization

/// A process of the test's own, started like a user would and ended by its pid at the latest with the object.
final class RunningProcess: Sendable {
  private let child: ChildProcess
  private let ended = Mutex<Int32?>(nil)
  private let logPath: String

  /// Starts a built executable, or a system one by its absolute path.
  init(_ name: String, _ arguments: [String], logPath: String) throws {
    self.logPath = logPath
    child = try ChildProcess(
      executable: name.hasPrefix("/") ? name : Executables.path(of: name), arguments: arguments, logPath: logPath)
  }

  deinit {
    guard exitCode == nil else { return }
    child.kill9()
    while exitCode == nil {}
  }

  /// Nil while it runs; 128 and the signal's number if a signal ended it, as shells say it.
  var exitCode: Int32? {
    ended.withLock { ended in
      if ended == nil, let status = child.exitStatus() {
        ended = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
      }
      return ended
    }
  }

  /// Standard output and standard error.
  var output: String { String(decoding: (try? FileBytes.read(logPath)) ?? [], as: UTF8.self) }
  var lines: [Substring] { output.split(separator: "\n") }

  func terminate() { child.terminate() }
  func kill() { child.kill9() }

  func waitForExit(within patience: Duration = .seconds(30)) async throws -> Int32 {
    try await eventually("the process ends", within: patience) { exitCode }
  }

  /// Runs an executable to its end.
  static func run(
    _ name: String, _ arguments: [String], in folder: ScratchFolder, within patience: Duration = .seconds(60)
  ) async throws -> (exitCode: Int32, output: String) {
    let process = try RunningProcess(name, arguments, logPath: folder.path(of: "output-of-run"))
    let exitCode = try await process.waitForExit(within: patience)
    return (exitCode, process.output)
  }
}
