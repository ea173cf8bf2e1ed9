import ArgumentParser
import FoundationEssentials
import Glibc

/// The options that `serve` and `check-config` share: where settings come from.
struct ConfigurationOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("YAML file of settings; see Config/relay.yaml.", valueName: "file"))
  var config: String?

  @Flag(name: .long, help: "Loopback only, plain ws://, no token needed. For trying things out.")
  var dev = false

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Override any setting, such as --set rooms.maxMembers=50; lists by commas. May be repeated.",
      valueName: "key=value"))
  var overrides: [String] = []

  @Option(name: .long, help: ArgumentHelp("Address of signalling (signaling.address).", valueName: "ip"))
  var signalingAddress: String?
  @Option(name: .long, help: ArgumentHelp("TCP port of signalling (signaling.port).", valueName: "port"))
  var signalingPort: String?
  @Option(name: .long, help: ArgumentHelp("PEM file of the certificate chain (tls.certificate).", valueName: "file"))
  var tlsCertificate: String?
  @Option(name: .long, help: ArgumentHelp("PEM file of the private key (tls.key).", valueName: "file"))
  var tlsKey: String?
  @Option(
    name: .customLong("tokens-keys"), parsing: .singleValue,
    help: ArgumentHelp("Key that signs join tokens (tokens.keys). May be repeated.", valueName: "id=file"))
  var tokensKeys: [String] = []
  @Option(name: .long, help: ArgumentHelp("Address of media (media.address).", valueName: "ip"))
  var mediaAddress: String?
  @Option(name: .customLong("media-udp-port"), help: ArgumentHelp("First UDP port (media.udpPort).", valueName: "port"))
  var mediaUDPPort: String?
  @Option(name: .long, help: ArgumentHelp("Number of shards (media.shards).", valueName: "count"))
  var mediaShards: String?
  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("Address that clients are told to send to (media.advertise). May be repeated.", valueName: "ip"))
  var mediaAdvertise: [String] = []
  @Option(name: .long, help: ArgumentHelp("Address of /metrics and /healthz (metrics.address).", valueName: "ip"))
  var metricsAddress: String?
  @Option(name: .long, help: ArgumentHelp("TCP port of these (metrics.port).", valueName: "port"))
  var metricsPort: String?
  @Option(name: .long, help: ArgumentHelp("Least severe level that is logged (log.level).", valueName: "level"))
  var logLevel: String?

  /// Reads all sources. Values of flags stay text until they are checked like those of any other source.
  func load() throws -> RelayConfiguration {
    let file = try config.map { path throws(ConfigurationError) in try SettingsFile(path: path) }
    let settings = try Settings(
      file: file, environment: ProcessInfo.processInfo.environment, overrides: collectOverrides())
    return try RelayConfiguration(settings, isDevelopment: dev, coreCount: Self.coreCount)
  }

  private static var coreCount: Int { max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))) }

  private func collectOverrides() throws(ConfigurationError) -> [String: [String]] {
    var result: [String: [String]] = [:]
    for override in overrides {
      let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ConfigurationError("command line: --set: value `\(override)`: allowed is KEY=VALUE")
      }
      let isList = SettingKey.find(parts[0])?.kind.isList ?? false
      result[parts[0]] = isList ? parts[1].split(separator: ",").map(String.init) : [parts[1]]
    }
    let named: [(SettingKey, [String])] = [
      (.signalingAddress, signalingAddress.map { [$0] } ?? []), (.signalingPort, signalingPort.map { [$0] } ?? []),
      (.tlsCertificate, tlsCertificate.map { [$0] } ?? []), (.tlsKey, tlsKey.map { [$0] } ?? []),
      (.tokensKeys, tokensKeys), (.mediaAddress, mediaAddress.map { [$0] } ?? []),
      (.mediaUDPPort, mediaUDPPort.map { [$0] } ?? []), (.mediaShards, mediaShards.map { [$0] } ?? []),
      (.mediaAdvertise, mediaAdvertise), (.metricsAddress, metricsAddress.map { [$0] } ?? []),
      (.metricsPort, metricsPort.map { [$0] } ?? []), (.logLevel, logLevel.map { [$0] } ?? []),
    ]
    for (key, values) in named where !values.isEmpty { result[key.path] = values }
    return result
  }
}
