import Logging
import Testing
import WireBytes

import RelayRuntime

struct RelayConfigurationTests {
  private func make(
    _ overrides: [String: [String]] = [:], file: String? = nil, isDevelopment: Bool = false, coreCount: Int = 4
  ) throws -> RelayConfiguration {
    let settings = try Settings(
      file: file.map { text throws(ConfigurationError) in try SettingsFile(path: "f.yaml", bytes: Array(text.utf8)) },
      environment: [:], overrides: overrides)
    return try RelayConfiguration(settings, isDevelopment: isDevelopment, coreCount: coreCount)
  }

  private func errorLine(_ overrides: [String: [String]], isDevelopment: Bool = false) -> String? {
    do {
      _ = try make(overrides, isDevelopment: isDevelopment)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `shards default to the number of cores`() throws {
    #expect(try make().shardCount == 4)
    #expect(try make(["media.shards": ["3"]]).shardCount == 3)
    #expect(try make(coreCount: 0).shardCount == 1)
  }

  @Test func `development mode is loopback whatever the file says`() throws {
    let file =
      "media: {address: \"::\", advertise: [192.0.2.1]}\nsignaling: {address: 192.0.2.1}\nmetrics: {address: 0.0.0.0}"
    let development = try make(file: file, isDevelopment: true)
    #expect(development.mediaAddress.isLoopback)
    #expect(development.signalingAddress.isLoopback)
    #expect(development.metricsAddress?.isLoopback == true)
    #expect(development.advertised.isEmpty)
    let production = try make(file: file)
    #expect(production.signalingAddress.literal == "192.0.2.1:7443")
    #expect(production.advertised.map(\.address) == ["192.0.2.1"])
  }

  @Test func `a flag that contradicts --dev is an error, a loopback one is not`() throws {
    #expect(
      errorLine(["media.address": ["192.0.2.1"]], isDevelopment: true)
        == "command line (--media-address or --set): key `media.address`: value `192.0.2.1`: allowed is a loopback "
        + "address with --dev")
    #expect(try make(["media.address": ["::1"]], isDevelopment: true).mediaAddress.address == "::1")
  }

  @Test func `settings that do not go together are named`() {
    #expect(errorLine(["tls.certificate": ["c.pem"]])?.contains("key `tls.key`") == true)
    #expect(errorLine(["tls.key": ["k.pem"]])?.contains("key `tls.certificate`") == true)
    #expect(errorLine(["media.udpPort": ["65535"]])?.contains("a port with 3 more above it") == true)
    #expect(errorLine(["rekey.coalesceMaxMilliseconds": ["49"]])?.contains("allowed is 50") == true)
    #expect(errorLine(["tokens.keys": ["novalue"]])?.contains("KEYID=FILE") == true)
    #expect(errorLine(["tokens.keys": ["a=1", "a=2"]])?.contains("different key ids") == true)
  }

  @Test func `token keys, levels and times arrive typed`() throws {
    let configuration = try make([
      "tokens.keys": ["a=/x/y=z", "b=/q"], "log.level": ["warning"], "shutdown.deadlineSeconds": ["9"],
      "metrics.enabled": ["false"], "rekey.periodicSeconds": ["60"],
    ])
    #expect(configuration.tokenKeyFiles == ["a": "/x/y=z", "b": "/q"])
    #expect(configuration.logLevel == Logger.Level.warning)
    #expect(configuration.shutdownDeadline == .seconds(9))
    #expect(configuration.metricsAddress == nil)
    #expect(configuration.engine.rekeyPeriod == .seconds(60))
  }

  @Test func `a full room fits into half a send batch`() {
    #expect(SettingKey.roomsMaxMembers.kind == .integer(2...1000))
    #expect(ShardSet.batchCapacity / 2 >= 1000)
  }
}
