package import ArgumentParser
import Glibc

/// `sfu-loadgen`: group calls with the real protocol.
package struct LoadGenCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sfu-loadgen",
    abstract: "Simulates end-to-end encrypted group calls through a relay and reports what operators need to know.",
    subcommands: [
      CallCommand.self, JoinCommand.self, InviteCommand.self, ArtifactCommand.self, BenchCommand.self,
      ScaleCommand.self,
    ],
    defaultSubcommand: CallCommand.self)

  package init() {}

  /// Parses, runs and ends the process: with 0 for help and a verdict of pass, 1 for a verdict of fail, and 2 with one
  /// line on standard error for what cannot be run.
  package static func execute() async -> Never {
    ProcessHygiene.apply()
    var command: any ParsableCommand
    do {
      command = try parseAsRoot()
    } catch {
      guard exitCode(for: error) != .success else { exit(withError: error) }
      end(message(for: error) + " (see `sfu-loadgen --help`)")
    }
    do {
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
      end("\(error)")
    }
  }

  private static func end(_ message: String) -> Never {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    StandardError.write("sfu-loadgen: \(line)\n")
    Glibc.exit(2)
  }
}
