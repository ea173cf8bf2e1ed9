package import ArgumentParser
import E2EKeys
import Glibc
import WireBytes

/// `sfu-loadgen`: group calls with the real protocol.
package struct LoadGenCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sfu-loadgen",
    abstract: "Simulates end-to-end encrypted group calls through a relay and reports what operators need to know.",
    subcommands: [CallCommand.self], defaultSubcommand: CallCommand.self)

  package init() {}

  /// Parses, runs and ends the process: with 0 for help and a verdict of pass, 1 for a verdict of fail, and 2 with one
  /// line on standard error for what cannot be run.
  package static func execute() async -> Never {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Glibc.exit(0)
    } catch let code as ExitCode {
      Glibc.exit(code.rawValue)
    } catch {
      guard exitCode(for: error) != .success else { exit(withError: error) }
      let line = message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
      CallCommand.fail("sfu-loadgen: \(line) (see `sfu-loadgen call --help`)", code: 2)
    }
  }
}
