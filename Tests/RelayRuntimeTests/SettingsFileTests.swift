import TestKit
import Testing
import WireBytes

import RelayRuntime

struct SettingsFileTests {
  private func load(_ text: String) throws -> Settings {
    try Settings(file: SettingsFile(path: "relay.yaml", bytes: Array(text.utf8)), environment: [:])
  }

  private func errorLine(_ text: String) -> String? {
    do {
      _ = try load(text)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `values of every kind are read, and the rest keep their defaults`() throws {
    let settings = try load(
      """
      media:
        address: 192.0.2.7
        udpPort: 5000   # a comment
        advertise: [198.51.100.4, "2001:db8::4"]
      metrics: {enabled: false}
      signaling:
        allowedOrigins:
          - https://a.example
      tls:
        certificate: /etc/c.pem
      """)
    #expect(settings.text(.mediaAddress) == "192.0.2.7")
    #expect(settings.integer(.mediaUDPPort) == 5000)
    #expect(settings.list(.mediaAdvertise) == ["198.51.100.4", "2001:db8::4"])
    #expect(settings.flag(.metricsEnabled) == false)
    #expect(settings.list(.signalingAllowedOrigins) == ["https://a.example"])
    #expect(settings.text(.tlsCertificate) == "/etc/c.pem")
    #expect(settings.value(.mediaUDPPort).origin == .file("relay.yaml", line: 3))
    #expect(settings.integer(.signalingPort) == 7443)
    #expect(settings.value(.signalingPort).origin == .builtIn)
  }

  @Test(arguments: ["", "# nothing\n", "---\n", "media:\n", "media: {}\n"])
  func `an empty file means defaults`(_ text: String) throws {
    #expect(try load(text).integer(.mediaUDPPort) == 40000)
  }

  @Test func `unknown keys are named with file, line and what there is`() {
    #expect(
      errorLine("log:\n  level: info\n  levle: info\n")
        == "relay.yaml:3: key `log.levle` is unknown: allowed in `log` are level")
    #expect(errorLine("\nmeda:\n  udpPort: 1\n")?.hasPrefix("relay.yaml:2: key `meda` is unknown: allowed are") == true)
    #expect(errorLine("media.udpPort: 1\n")?.contains("key `media.udpPort` is unknown") == true)
    #expect(errorLine("media:\n  udpPort:\n    deeper: 1\n")?.contains("value `{a mapping}`") == true)
  }

  @Test(arguments: [
    (
      "media:\n  udpPort: abc",
      "relay.yaml:2: key `media.udpPort`: value `abc`: allowed is a whole number from 0 to 65535"
    ),
    (
      "media:\n  udpPort: 70000",
      "relay.yaml:2: key `media.udpPort`: value `70000`: allowed is a whole number from 0 to 65535"
    ),
    (
      "media:\n  udpPort: \"80\"",
      "relay.yaml:2: key `media.udpPort`: value `\"80\"`: allowed is a whole number from 0 to 65535"
    ),
    (
      "media:\n  udpPort: 1.5",
      "relay.yaml:2: key `media.udpPort`: value `1.5`: allowed is a whole number from 0 to 65535"
    ),
    (
      "media:\n  udpPort: [1]",
      "relay.yaml:2: key `media.udpPort`: value `[a list]`: allowed is a whole number from 0 to 65535"
    ),
    ("media:\n  udpPort:", "relay.yaml:2: key `media.udpPort`: value ``: allowed is a whole number from 0 to 65535"),
    (
      "media:\n  address: relay.example",
      "relay.yaml:2: key `media.address`: value `relay.example`: allowed is an IPv4 or IPv6 address"
    ),
    (
      "media:\n  advertise: 192.0.2.1",
      "relay.yaml:2: key `media.advertise`: value `192.0.2.1`: allowed is a list of IPv4 or IPv6 addresses"
    ),
    (
      "media:\n  advertise: [nat]",
      "relay.yaml:2: key `media.advertise`: value `nat`: allowed is a list of IPv4 or IPv6 addresses"
    ),
    ("metrics:\n  enabled: yes", "relay.yaml:2: key `metrics.enabled`: value `yes`: allowed is true or false"),
    ("metrics: 3", "relay.yaml:1: key `metrics`: value `3`: allowed is a section with the keys enabled, address, port"),
  ])
  func `wrong types and values are one line each`(_ text: String, _ expected: String) {
    #expect(errorLine(text) == expected)
  }

  @Test func `what is not YAML says where`() {
    #expect(errorLine("media: [1\n")?.hasPrefix("relay.yaml:2: not valid YAML: ") == true)
    #expect(errorLine("- a\n- b\n")?.contains("must be a mapping") == true)
    #expect(errorLine("media:\n  shards: 1\n  shards: 2\n") == "relay.yaml:2: key `shards` stands there more than once")
    #expect(throws: ConfigurationError.self) { try SettingsFile(path: "f", bytes: [0xFF, 0xFE, 0x00]) }
  }

  @Test func `a missing file and a directory are one line each`() throws {
    let missing = #expect(throws: ConfigurationError.self) { try SettingsFile(path: "/nonexistent/relay.yaml") }
    #expect(
      missing?.message
        == "/nonexistent/relay.yaml: the configuration file cannot be read (No such file or directory)")
    #expect(throws: ConfigurationError.self) { try SettingsFile(path: "/tmp") }
    #expect(throws: ConfigurationError.self) { try SettingsFile(path: "/dev/zero") }
  }

  @Test func `no malformed file traps, and every error is one line`() throws {
    let original = Array(
      """
      media:
        udpPort: 5000
        advertise: ["::1", &a 192.0.2.1, *a]
      metrics: {enabled: false}
      log:
        level: >
          info
      """
      .utf8)
    var failures = 0
    let variants =
      MalformedSweep.truncations(of: original) + MalformedSweep.mutations(of: original, count: 1500, seed: 3)
    for bytes in variants {
      do {
        _ = try Settings(file: SettingsFile(path: "f", bytes: bytes), environment: [:])
      } catch {
        failures += 1
        #expect(!"\(error)".contains("\n"))
      }
    }
    #expect(failures > 500)
  }
}
