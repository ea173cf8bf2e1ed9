package import ArgumentParser
import Glibc
import UnixSignals

/// `sfu-web serve`.
package struct ServeCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the page until SIGTERM or SIGINT.",
    discussion: """
      The files are read once, at the start; start it again after a change. Browsers give camera and microphone only to \
      https pages and to localhost: for other machines put a server with TLS in front.
      """)

  @OptionGroup var options: RootOptions
  @Option(help: "TCP port; 0 is any that is free.")
  var port = 8080
  @Option(help: "Address to listen on.")
  var host = "127.0.0.1"

  package init() {}

  package func run() async throws {
    guard (0...65_535).contains(port) else { throw SiteError("--port \(port): 0 to 65535 are allowed") }
    let site = try options.load()
    // Writing to a connection that is gone must be an error, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let server = SiteServer(site)
    let bound = try await server.start(host: host, port: port)
    StandardOutput.write("\(Self.address(host: host, port: bound))\n\(site.files.count) files, \(site.digest)\n")
    for await _ in signals { break }
    await server.stop()
  }

  /// What to type into a browser: on loopback by name, since that is what certificates and habits know.
  static func address(host: String, port: Int) -> String {
    switch host {
    case "127.0.0.1", "::1", "localhost": "http://localhost:\(port)/"
    default: host.contains(":") ? "http://[\(host)]:\(port)/" : "http://\(host):\(port)/"
    }
  }
}
