import Foundation

/// The executable, run as a person would: beside the test bundle.
enum SFUWeb {
  struct Result: Sendable {
    let exitCode: Int32
    let output: String
    let errors: String
  }

  /// One that keeps running until it is told to end; gone at the latest with the object.
  final class Running: @unchecked Sendable {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()
    private let ended: AsyncStream<Int32>

    init(_ arguments: [String]) throws {
      let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      process.executableURL = URL(filePath: own).deletingLastPathComponent().appending(path: "sfu-web")
      process.arguments = arguments
      process.standardOutput = output
      process.standardError = errors
      let (ended, feed) = AsyncStream.makeStream(of: Int32.self)
      self.ended = ended
      process.terminationHandler = { process in
        feed.yield(process.terminationStatus)
        feed.finish()
      }
      try process.run()
    }

    deinit { if process.isRunning { process.terminate() } }

    var processID: Int32 { process.processIdentifier }

    /// What it has printed until now; waits for the first of it.
    func firstOutput() -> String { String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) }

    func terminate() { process.terminate() }
    func interrupt() { process.interrupt() }

    /// Waits for the end. For little output: a full pipe would keep the process from ending.
    func result() async -> Result {
      var exitCode: Int32 = -1
      for await code in ended { exitCode = code }
      return Result(
        exitCode: exitCode, output: String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self),
        errors: String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
    }
  }

  static func run(_ arguments: [String]) async throws -> Result { await (try Running(arguments)).result() }
}
