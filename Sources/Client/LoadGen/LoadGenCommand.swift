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
}
