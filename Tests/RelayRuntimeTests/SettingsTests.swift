import Testing
import WireBytes

import RelayRuntime

struct SettingsTests {
  private func errorLine(
    environment: [String: String] = [:], overrides: [String: [String]] = [:]
  ) -> String? {
    do {
      _ = try Settings(file: nil, environment: environment, overrides: overrides)
      return nil
    } catch {
      return error.message
    }
  }

  @Test func `flags win over the environment, which wins over the file, which wins over defaults`() throws {
    let file = try SettingsFile(
      path: "f", bytes: Array("media: {udpPort: 1, shards: 1, audioCacheBytes: 3000}".utf8))
    let settings = try Settings(
      file: file, environment: ["SFU_MEDIA_UDP_PORT": "2", "SFU_MEDIA_SHARDS": "2"],
      overrides: ["media.udpPort": ["3"]])
    #expect(settings.integer(.mediaUDPPort) == 3)
    #expect(settings.integer(.mediaShards) == 2)
    #expect(settings.integer(.mediaAudioCacheBytes) == 3000)
    #expect(settings.integer(.mediaVideoCacheBytes) == 98304)
    #expect(settings.value(.mediaUDPPort).origin == .commandLine)
    #expect(settings.value(.mediaShards).origin == .environment)
  }

  @Test func `every key can be set by its environment variable and by its path`() throws {
    for key in SettingKey.all {
      let value: String
      switch key.kind {
      case .text: value = "x"
      case .list: value = "a,b"
      case .integer(let range): value = "\(range.upperBound)"
      case .flag: value = "false"
      case .choice(let choices): value = choices[0]
      case .ipAddress: value = "127.0.0.9"
      case .ipAddressList: value = "127.0.0.9,::1"
      }
      let items = key.kind.isList ? value.split(separator: ",").map(String.init) : [value]
      let fromEnvironment = try Settings(file: nil, environment: [key.environmentName: value])
      #expect(fromEnvironment.value(key) == Settings.Value(items: items, origin: .environment), "\(key.path)")
      let fromFlag = try Settings(file: nil, environment: [:], overrides: [key.path: items])
      #expect(fromFlag.value(key) == Settings.Value(items: items, origin: .commandLine), "\(key.path)")
    }
  }

  @Test func `names follow from the path`() {
    #expect(SettingKey.mediaUDPPort.environmentName == "SFU_MEDIA_UDP_PORT")
    #expect(SettingKey.mediaUDPPort.flagName == "--media-udp-port")
    #expect(SettingKey.rekeyCoalesceMaxMilliseconds.environmentName == "SFU_REKEY_COALESCE_MAX_MILLISECONDS")
  }

  @Test func `an empty variable is an empty list`() throws {
    #expect(try Settings(file: nil, environment: ["SFU_MEDIA_ADVERTISE": ""]).list(.mediaAdvertise) == [])
  }

  @Test func `errors name the source, the key, the value and what is allowed`() {
    #expect(
      errorLine(environment: ["SFU_MEDIA_SHARDS": "+2"])
        == "environment (SFU_MEDIA_SHARDS): key `media.shards`: value `+2`: allowed is a whole number from 0 to 256")
    #expect(
      errorLine(overrides: ["log.level": ["loud"]])
        == "command line (--log-level or --set): key `log.level`: value `loud`: allowed is one of trace, debug, info, "
        + "notice, warning, error, critical")
    #expect(
      errorLine(environment: ["SFU_MEDIA_SHARD": "2"])?
        .hasPrefix("environment: variable `SFU_MEDIA_SHARD` is unknown") == true)
    #expect(
      errorLine(overrides: ["log.lvl": ["info"]])
        == "command line: key `log.lvl` is unknown: allowed in `log` are level")
    #expect(
      errorLine(overrides: ["x": ["info"]])?.hasPrefix("command line: key `x` is unknown: allowed are keys") == true)
  }

  @Test func `variables of others and of Kubernetes services are left alone`() {
    #expect(
      errorLine(environment: [
        "PATH": "/bin", "SFURELAY": "1", "SFU_SERVICE_HOST": "10.0.0.1", "SFU_SERVICE_PORT_HTTP": "80",
        "SFU_PORT": "tcp://10.0.0.1:80", "SFU_PORT_80_TCP_ADDR": "10.0.0.1",
      ]) == nil)
    #expect(errorLine(environment: ["SFU_PORT": "80"]) != nil)
  }

  @Test func `every default is allowed and has a place in a section`() throws {
    #expect(throws: Never.self) { try Settings(file: nil, environment: [:]) }
    #expect(Set(SettingKey.all.map(\.path)).count == SettingKey.all.count)
    #expect(SettingKey.all.allSatisfy { $0.components.count == 2 })
    #expect(SettingKey.all.allSatisfy { $0.kind.isList || $0.defaults.count == 1 })
  }
}
