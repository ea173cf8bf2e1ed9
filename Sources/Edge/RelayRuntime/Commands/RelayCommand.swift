package import ArgumentParser
import FoundationEssentials
import Glibc
import RelayControl

/// The command line of `sfu-relay`.
package struct RelayCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sfu-relay",
    abstract: "A relay for end-to-end encrypted calls: it forwards what it cannot read.",
    discussion: """
      Try it on this machine:      sfu-relay serve --dev
      Run it:                      sfu-relay serve --config relay.yaml
      Check a configuration:       sfu-relay check-config --config relay.yaml
      Let somebody in:             sfu-relay token --room ROOM --secret-file FILE --key-id ID

      Config/relay.yaml documents every setting with its default and unit. Errors of the command line, the \
      configuration, the certificate and the ports are one line on standard error, and the exit code is 2.
      """,
    version: "sfu-relay \(BuildInfo.version) (Swift \(BuildInfo.swiftVersion), \(BuildInfo.configuration))",
    subcommands: [ServeCommand.self, CheckConfigCommand.self, TokenCommand.self])

  package init() {}

  /// What concerns the whole process. Call it first, on the main thread.
  package static func prepareProcess() { ConcurrencyPool.useEventLoops() }

  /// Parses, runs and ends the process.
  package static func execute(_ arguments: [String]) async -> Never {
    let outcome = await outcome(of: arguments)
    if let text = outcome.output { print(text) }
    if let line = outcome.errorLine { StandardError.write("sfu-relay: \(line)\n") }
    Glibc.exit(outcome.exitCode)
  }

  /// Parses and runs; says how the process should end.
  package static func outcome(of arguments: [String]) async -> CommandOutcome {
    do {
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      return CommandOutcome(exitCode: 0)
    } catch let error as ConfigurationError {
      return CommandOutcome(exitCode: 2, errorLine: error.message)
    } catch {
      // Help and version are errors to the parser, too; they belong on standard output.
      guard exitCode(for: error) != .success else {
        return CommandOutcome(exitCode: 0, output: fullMessage(for: error))
      }
      return CommandOutcome(exitCode: 2, errorLine: message(for: error) + " (see `sfu-relay --help`)")
    }
  }
}
