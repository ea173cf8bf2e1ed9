package import ArgumentParser
import Glibc

/// The command line of `sfu-web`.
package struct WebCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sfu-web",
    abstract: "Serves the browser's side of a call, from an origin of its own and never from the relay.",
    discussion: "Errors are one line on standard error, and the exit code is 2.",
    subcommands: [ServeCommand.self, DigestCommand.self])

  package init() {}

  /// Parses, runs and ends the process: with 2 and one line on standard error for what cannot be run.
  package static func execute(_ arguments: [String]) async -> Never {
    let line: String
    do {
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Glibc.exit(0)
    } catch let error as SiteError {
      line = error.description
    } catch {
      // Help is an error to the parser, too; it belongs on standard output.
      guard exitCode(for: error) != .success else {
        StandardOutput.write(fullMessage(for: error) + "\n")
        Glibc.exit(0)
      }
      line = message(for: error) + " (see `sfu-web --help`)"
    }
    StandardOutput.writeError("sfu-web: \(line.split(whereSeparator: \.isNewline).joined(separator: " "))\n")
    Glibc.exit(2)
  }
}
