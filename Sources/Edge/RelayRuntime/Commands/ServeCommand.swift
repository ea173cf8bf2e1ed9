import ArgumentParser
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// `sfu-relay serve`
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run the relay until SIGTERM or SIGINT.",
    discussion: """
      Settings come from flags, then SFU_SECTION_KEY environment variables, then the file, then defaults. On SIGTERM \
      the relay takes nobody in any more, tells its clients goodbye and ends within shutdown.deadlineSeconds.
      """)

  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let configuration = try options.load()
    var logger = Logger(label: "sfu-relay", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = configuration.logLevel
    // Writing to a connection that is gone must be an error, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    let relay = try await Relay.start(configuration, logger: logger)
    var quiet = logger
    // The group tells of each of its steps; only its troubles matter here.
    quiet.logLevel = max(configuration.logLevel, .warning)
    var group = ServiceGroupConfiguration(
      services: [RelayService(relay: relay)], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    group.services[0].successTerminationBehavior = .gracefullyShutdownGroup
    try await ServiceGroup(configuration: group).run()
  }
}
