package import DatagramIO
package import Logging
package import WireBytes

/// The relay's settings as the program uses them: typed, in range, and sound together.
package struct RelayConfiguration: Sendable {
  /// Where every value came from, for errors that show only when the relay starts.
  package let settings: Settings
  /// Loopback only, plain `ws://`, no token needed.
  package var isDevelopment: Bool

  package var signalingAddress: Endpoint
  package var maxConnections: Int
  package var allowedOrigins: [String]
  package var tlsFiles: (certificate: String, key: String)?
  /// Secret files by key id.
  package var tokenKeyFiles: [String: String]

  /// Address and first port of the shards; port 0 lets the system choose one for each.
  package var mediaAddress: Endpoint
  package var shardCount: Int
  /// Addresses for the candidates of answers (their port is each shard's own); empty for those of this machine.
  package var advertised: [Endpoint]
  package var receiveBufferBytes: Int
  package var sendBufferBytes: Int
  /// When sockets are read.
  package var pacing: ReadPacing
  /// For each ordered pair of shards.
  package var linkBufferBytes: Int
  /// So many members of a room are on one shard before others are used.
  package var membersPerShard: Int
  package var engine: EngineSettings

  /// Nil for nowhere.
  package var metricsAddress: Endpoint?
  package var logLevel: Logger.Level
  package var shutdownDeadline: TimeInterval

  /// - Parameter coreCount: the number of shards when none is given.
  package init(_ settings: Settings, isDevelopment: Bool, coreCount: Int) throws(ConfigurationError) {
    self.settings = settings
    self.isDevelopment = isDevelopment
    signalingAddress = try Self.endpoint(settings, .signalingAddress, .signalingPort, isDevelopment: isDevelopment)
    maxConnections = settings.integer(.signalingMaxConnections)
    allowedOrigins = settings.list(.signalingAllowedOrigins)
    tlsFiles = try Self.tlsFiles(settings)
    tokenKeyFiles = try Self.tokenKeyFiles(settings)
    mediaAddress = try Self.endpoint(settings, .mediaAddress, .mediaUDPPort, isDevelopment: isDevelopment)
    let shards = settings.integer(.mediaShards)
    shardCount = shards == 0 ? max(1, coreCount) : shards
    guard mediaAddress.port == 0 || Int(mediaAddress.port) + shardCount - 1 <= 65535 else {
      throw settings.fault(
        .mediaUDPPort, allowed: "a port with \(shardCount - 1) more above it, one for each further shard")
    }
    advertised = try Self.advertised(settings, isDevelopment: isDevelopment)
    receiveBufferBytes = settings.integer(.mediaReceiveBufferBytes)
    sendBufferBytes = settings.integer(.mediaSendBufferBytes)
    let tick = settings.integer(.mediaTickMicroseconds)
    pacing =
      tick == 0
      ? .immediate
      : .adaptive(
        interval: .microseconds(UInt64(tick)), busyRate: UInt64(settings.integer(.mediaTickWakeUpsPerSecond)))
    linkBufferBytes = settings.integer(.mediaLinkBufferBytes)
    membersPerShard = settings.integer(.roomsMembersPerShard)
    engine = try EngineSettings(settings)
    metricsAddress =
      settings.flag(.metricsEnabled)
      ? try Self.endpoint(settings, .metricsAddress, .metricsPort, isDevelopment: isDevelopment) : nil
    logLevel = Logger.Level(rawValue: settings.text(.logLevel)) ?? .info
    shutdownDeadline = .seconds(UInt64(settings.integer(.shutdownDeadlineSeconds)))
  }

  /// In development mode a file may name other addresses, for it is often the production file; they give way to
  /// loopback. A flag that contradicts `--dev` is a mistake.
  private static func endpoint(
    _ settings: Settings, _ address: SettingKey, _ port: SettingKey, isDevelopment: Bool
  ) throws(ConfigurationError) -> Endpoint {
    let number = UInt16(settings.integer(port))
    guard let endpoint = Endpoint(address: settings.text(address), port: number) else {
      throw settings.fault(address, allowed: address.kind.allowed)
    }
    guard isDevelopment, !endpoint.isLoopback else { return endpoint }
    guard settings.value(address).origin != .commandLine else {
      throw settings.fault(address, allowed: "a loopback address with --dev")
    }
    return Endpoint(ipv4: 0x7F00_0001, port: number)
  }

  private static func advertised(_ settings: Settings, isDevelopment: Bool) throws(ConfigurationError) -> [Endpoint] {
    let addresses = settings.list(.mediaAdvertise).compactMap { Endpoint(address: $0, port: 0) }
    guard isDevelopment else { return addresses }
    guard addresses.allSatisfy(\.isLoopback) || settings.value(.mediaAdvertise).origin != .commandLine else {
      throw settings.fault(.mediaAdvertise, allowed: "loopback addresses with --dev")
    }
    return addresses.filter(\.isLoopback)
  }

  private static func tlsFiles(
    _ settings: Settings
  ) throws(ConfigurationError) -> (certificate: String, key: String)? {
    let certificate = settings.text(.tlsCertificate)
    let key = settings.text(.tlsKey)
    guard certificate.isEmpty == key.isEmpty else {
      throw settings.fault(
        certificate.isEmpty ? .tlsCertificate : .tlsKey,
        allowed: "a PEM file; certificate and key are given together or not at all")
    }
    return certificate.isEmpty ? nil : (certificate, key)
  }

  private static func tokenKeyFiles(_ settings: Settings) throws(ConfigurationError) -> [String: String] {
    var files: [String: String] = [:]
    for item in settings.list(.tokensKeys) {
      let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, files.updateValue(parts[1], forKey: parts[0]) == nil else {
        throw settings.fault(.tokensKeys, allowed: "a list of KEYID=FILE with different key ids")
      }
    }
    return files
  }
}
