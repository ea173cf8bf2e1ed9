import DTLS
import DatagramIO
import HopCrypto
package import Logging
package import RelayControl
import RelayEngine
import SRTP
import WireBytes

/// A whole relay: shards, control server, and their life from start to stop.
package final class Relay: Sendable {
  package let shards: ShardSet
  package let control: ControlServer
  private let configuration: RelayConfiguration
  private let logger: Logger

  /// Opens everything and serves. When it throws, nothing runs and nothing listens.
  package static func start(
    _ configuration: RelayConfiguration, logger: Logger
  ) async throws(ConfigurationError) -> Relay {
    // Everything that can fail comes before the first packet is read.
    let tokenKeys = try TokenKeys.load(configuration)
    let tls = try SignalingCertificate.load(configuration, logger: logger)
    let ports = try openPorts(configuration)
    reportBuffers(of: ports, configuration, logger)
    let identity: DTLSIdentity
    do { identity = try DTLSIdentity() } catch {
      throw ConfigurationError("the DTLS certificate cannot be made: \(error)")
    }
    let clock = MonotonicClock.wallClock()
    let router = EventRouter()
    let shards = ShardSet(
      ports: ports, configuration: configuration,
      advertised: AdvertisedAddresses.choose(configuration, ports: ports), identity: identity, clock: clock,
      random: .system, deliver: router.deliver)
    let control = ControlServer(
      configuration: controlConfiguration(configuration, tls: tls, tokenKeys: tokenKeys, logger: logger),
      gateway: shards, logger: logger, clock: ControlClock(now: { MonotonicClock.now() }, wall: clock))
    let relay = Relay(configuration, shards: shards, control: control, logger: logger)
    relay.connect(router)
    do { try await control.start() } catch { throw fault(error, configuration) }
    shards.start()
    return relay
  }

  private init(_ configuration: RelayConfiguration, shards: ShardSet, control: ControlServer, logger: Logger) {
    self.configuration = configuration
    self.shards = shards
    self.control = control
    self.logger = logger
  }

  /// Says that clients may come, and that whoever asks the process to end will be heard.
  package func announceReadiness() {
    logger.notice(
      "relay is ready",
      metadata: [
        "version": "\(BuildInfo.version)", "signaling_port": "\(control.boundPort)",
        "metrics_port": "\(control.boundMetricsPort.map(String.init) ?? "none")",
        "media_ports": "\(shards.ports.map(String.init).joined(separator: ","))",
        "development": "\(configuration.isDevelopment)",
        // Asked for here, so that the library's self-test is over before somebody joins.
        "aes_gcm": "\(SRTPImplementation.hasMultiBuffer ? "ipsec-mb" : "openssl")",
      ])
  }

  /// Says goodbye to everyone, waits for the connections to close, and stops; takes no longer than the deadline of the
  /// configuration and a moment.
  package func shutdown() async {
    logger.notice("relay is shutting down")
    shards.drain()
    await control.shutdown(deadline: configuration.shutdownDeadline)
    await shards.stop()
    logger.notice("relay has stopped")
  }

  private func connect(_ router: EventRouter) {
    let pseudonym = RoomPseudonym(random: .system)
    router.connect { [control, logger] event in
      switch event {
      case .roomOpened(let room): logger.info("room opened", metadata: ["room": "\(pseudonym.name(of: room))"])
      case .roomClosed(let room): logger.info("room closed", metadata: ["room": "\(pseudonym.name(of: room))"])
      default: break
      }
      control.deliver(event)
    }
    let started = MonotonicClock.now()
    shards.setMetricsPage { [control] snapshots in
      let uptime = Double(MonotonicClock.now().nanoseconds(since: started)) / 1e9
      return MetricsPage.render(snapshots, control: control.counters, uptimeSeconds: uptime)
    }
  }

  private static func openPorts(_ configuration: RelayConfiguration) throws(ConfigurationError) -> [UDPPort] {
    var ports: [UDPPort] = []
    for shard in 0..<configuration.shardCount {
      let base = configuration.mediaAddress
      let number = base.port == 0 ? 0 : base.port + UInt16(shard)
      do {
        ports.append(
          try UDPPort(
            binding: Endpoint(high: base.high, low: base.low, port: number),
            receiveBufferBytes: configuration.receiveBufferBytes, sendBufferBytes: configuration.sendBufferBytes))
      } catch {
        throw configuration.settings.fault(
          error.isAddressInUse ? .mediaUDPPort : .mediaAddress,
          allowed: error.isAddressInUse
            ? "a port that is free, as are the next ones for further shards" : "an address of this machine",
          reason: error.message)
      }
    }
    return ports
  }

  /// A buffer that is smaller than asked for loses packets under bursts, and nobody would know why.
  private static func reportBuffers(of ports: [UDPPort], _ configuration: RelayConfiguration, _ logger: Logger) {
    guard let port = ports.first else { return }
    let buffers = [
      (SettingKey.mediaReceiveBufferBytes, configuration.receiveBufferBytes, port.receiveBufferBytes, "rmem_max"),
      (SettingKey.mediaSendBufferBytes, configuration.sendBufferBytes, port.sendBufferBytes, "wmem_max"),
    ]
    for (key, wanted, given, limit) in buffers where given < 2 * wanted {
      logger.warning(
        "\(key.path) is clamped by the system: raise net.core.\(limit), or give the relay CAP_NET_ADMIN",
        metadata: ["wanted": "\(wanted)", "given": "\(given / 2)"])
    }
  }

  /// Names the key behind a failure of the control server to listen.
  private static func fault(_ error: ControlError, _ configuration: RelayConfiguration) -> ConfigurationError {
    let isMetrics = error.message.hasPrefix("metrics")
    switch error.reason {
    case .addressInUse:
      return configuration.settings.fault(
        isMetrics ? .metricsPort : .signalingPort, allowed: "a port that is free", reason: error.message)
    case .cannotListen:
      return configuration.settings.fault(
        isMetrics ? .metricsAddress : .signalingAddress,
        allowed: "an address of this machine with a port that this "
          + "user may open", reason: error.message)
    case .certificate, .configuration, .alreadyStarted:
      return ConfigurationError(error.message)
    }
  }

  private static func controlConfiguration(
    _ configuration: RelayConfiguration, tls: TLSMaterial?, tokenKeys: [String: [UInt8]], logger: Logger
  ) -> ControlConfiguration {
    var keys = tokenKeys
    if keys.isEmpty, !configuration.isDevelopment {
      // A key that nobody has: the relay can be set up and watched before anyone may join.
      keys["none"] = RandomSource.system.bytes(JoinToken.minimumSecretBytes)
      logger.warning("tokens.keys is empty: every join will be refused; give a KEYID=FILE, or try with --dev")
    }
    return ControlConfiguration(
      listen: listen(configuration.signalingAddress), tls: tls,
      metricsListen: configuration.metricsAddress.map(listen), tokenKeys: keys,
      allowsJoinWithoutToken: configuration.isDevelopment, allowedOrigins: configuration.allowedOrigins,
      maxConnections: configuration.maxConnections)
  }

  private static func listen(_ endpoint: Endpoint) -> ListenAddress {
    let isIPv6Wildcard = endpoint.high == 0 && endpoint.low == 0
    let host = isIPv6Wildcard && !LocalAddresses.hasIPv6 ? "0.0.0.0" : endpoint.address
    return (host, Int(endpoint.port))
  }
}
