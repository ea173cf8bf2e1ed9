import ArgumentParser

/// `sfu-relay check-config`
struct CheckConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Check all settings, and the files they name, without starting anything.")

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let configuration = try options.load()
    let keys = try TokenKeys.load(configuration)
    if !configuration.isDevelopment { _ = try SignalingCertificate.loadConfigured(configuration) }
    if keys.isEmpty, !configuration.isDevelopment {
      StandardError.write("sfu-relay: note: `tokens.keys` is empty: every join would be refused\n")
    }
    print("\(options.config ?? "settings"): ok")
  }
}
