/// One setting of the relay: its name in every source, what it may hold, and its default.
///
/// The table below is the only list of settings there is. The YAML file is checked against it, and a test checks
/// `Config/relay.yaml` against it.
package struct SettingKey: Sendable, Equatable {
  /// Section and name, as in the YAML file: `media.udpPort`.
  package let path: String
  package let kind: SettingKind
  /// One element but for lists.
  package let defaults: [String]

  package var components: [String] { path.split(separator: ".").map(String.init) }
  package var section: String { components[0] }

  /// `SFU_MEDIA_UDP_PORT`
  package var environmentName: String {
    "SFU_" + words(separator: "_").uppercased()
  }

  /// `--media-udp-port`
  package var flagName: String { "--" + words(separator: "-").lowercased() }

  private func words(separator: Character) -> String {
    var result = ""
    var previous: Character = "."
    for character in path {
      if character == "." {
        result.append(separator)
      } else {
        if character.isUppercase, previous.isLowercase { result.append(separator) }
        result.append(character)
      }
      previous = character
    }
    return result
  }

  private init(_ path: String, _ kind: SettingKind, _ defaults: String...) {
    self.path = path
    self.kind = kind
    self.defaults = defaults
  }

  package static let signalingAddress = SettingKey("signaling.address", .ipAddress, "::")
  package static let signalingPort = SettingKey("signaling.port", .integer(0...65535), "7443")
  package static let signalingMaxConnections = SettingKey(
    "signaling.maxConnections", .integer(1...1_000_000), "10000")
  package static let signalingAllowedOrigins = SettingKey("signaling.allowedOrigins", .list)

  package static let tlsCertificate = SettingKey("tls.certificate", .text, "")
  package static let tlsKey = SettingKey("tls.key", .text, "")

  package static let tokensKeys = SettingKey("tokens.keys", .list)

  package static let mediaAddress = SettingKey("media.address", .ipAddress, "::")
  package static let mediaUDPPort = SettingKey("media.udpPort", .integer(0...65535), "40000")
  package static let mediaShards = SettingKey("media.shards", .integer(0...256), "0")
  package static let mediaAdvertise = SettingKey("media.advertise", .ipAddressList)
  package static let mediaReceiveBufferBytes = SettingKey(
    "media.receiveBufferBytes", .integer(65_536...268_435_456), "4194304")
  package static let mediaSendBufferBytes = SettingKey(
    "media.sendBufferBytes", .integer(65_536...268_435_456), "4194304")
  package static let mediaTickMicroseconds = SettingKey("media.tickMicroseconds", .integer(0...1000), "500")
  package static let mediaTickWakeUpsPerSecond = SettingKey(
    "media.tickWakeUpsPerSecond", .integer(100...1_000_000), "2500")
  package static let mediaLinkBufferBytes = SettingKey(
    "media.linkBufferBytes", .integer(65_536...67_108_864), "1048576")
  package static let mediaConsentTimeoutSeconds = SettingKey(
    "media.consentTimeoutSeconds", .integer(5...30), "15")
  package static let mediaHandshakeTimeoutSeconds = SettingKey(
    "media.handshakeTimeoutSeconds", .integer(1...120), "20")
  package static let mediaMaxVideoBitsPerSecond = SettingKey(
    "media.maxVideoBitsPerSecond", .integer(50_000...100_000_000), "2500000")
  package static let mediaVideoCacheBytes = SettingKey(
    "media.videoCacheBytes", .integer(4096...4_194_304), "98304")
  package static let mediaAudioCacheBytes = SettingKey(
    "media.audioCacheBytes", .integer(2048...1_048_576), "8192")

  package static let roomsMaxRooms = SettingKey("rooms.maxRooms", .integer(1...1_000_000), "10000")
  // Half a send batch: one packet must always find room for all of its copies.
  package static let roomsMaxMembers = SettingKey("rooms.maxMembers", .integer(2...1000), "500")
  package static let roomsMembersPerShard = SettingKey("rooms.membersPerShard", .integer(1...1000), "64")
  package static let roomsResumeWindowSeconds = SettingKey("rooms.resumeWindowSeconds", .integer(0...300), "30")
  package static let roomsMaxTracksPerMember = SettingKey("rooms.maxTracksPerMember", .integer(1...64), "8")

  package static let rekeyCoalesceMinMilliseconds = SettingKey(
    "rekey.coalesceMinMilliseconds", .integer(0...10_000), "50")
  package static let rekeyCoalesceMaxMilliseconds = SettingKey(
    "rekey.coalesceMaxMilliseconds", .integer(0...10_000), "250")
  package static let rekeyDeadlineMilliseconds = SettingKey(
    "rekey.deadlineMilliseconds", .integer(100...60_000), "2000")
  package static let rekeyPeriodicSeconds = SettingKey("rekey.periodicSeconds", .integer(0...86_400), "600")

  package static let metricsEnabled = SettingKey("metrics.enabled", .flag, "true")
  package static let metricsAddress = SettingKey("metrics.address", .ipAddress, "127.0.0.1")
  package static let metricsPort = SettingKey("metrics.port", .integer(0...65535), "9464")

  package static let logLevel = SettingKey(
    "log.level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]), "info")
  package static let shutdownDeadlineSeconds = SettingKey("shutdown.deadlineSeconds", .integer(1...300), "5")

  package static let all: [SettingKey] = [
    signalingAddress, signalingPort, signalingMaxConnections, signalingAllowedOrigins,
    tlsCertificate, tlsKey, tokensKeys,
    mediaAddress, mediaUDPPort, mediaShards, mediaAdvertise, mediaReceiveBufferBytes, mediaSendBufferBytes,
    mediaTickMicroseconds, mediaTickWakeUpsPerSecond, mediaLinkBufferBytes, mediaConsentTimeoutSeconds,
    mediaHandshakeTimeoutSeconds, mediaMaxVideoBitsPerSecond, mediaVideoCacheBytes,
    mediaAudioCacheBytes,
    roomsMaxRooms, roomsMaxMembers, roomsMembersPerShard, roomsResumeWindowSeconds, roomsMaxTracksPerMember,
    rekeyCoalesceMinMilliseconds, rekeyCoalesceMaxMilliseconds, rekeyDeadlineMilliseconds, rekeyPeriodicSeconds,
    metricsEnabled, metricsAddress, metricsPort, logLevel, shutdownDeadlineSeconds,
  ]

  package static func find(_ path: String) -> SettingKey? { all.first { $0.path == path } }

  /// The names of one section, for the operator who mistyped one.
  static func names(inSection section: String) -> [String] {
    all.filter { $0.section == section }.map { $0.components[1] }
  }

  static var sections: [String] {
    all.reduce(into: []) { if $0.last != $1.section { $0.append($1.section) } }
  }
}
