package import WireBytes

/// The settings that go down to every shard.
package struct EngineSettings: Sendable {
  package var maxRooms: Int
  package var maxMembers: Int
  package var maxTracksPerMember: Int
  package var resumeWindow: TimeInterval
  package var consentTimeout: TimeInterval
  package var handshakeTimeout: TimeInterval
  package var maxVideoBitsPerSecond: UInt64
  package var videoCacheBytes: Int
  package var audioCacheBytes: Int
  package var coalesceMin: TimeInterval
  package var coalesceMax: TimeInterval
  package var rekeyDeadline: TimeInterval
  package var rekeyPeriod: TimeInterval

  package init(_ settings: Settings) throws(ConfigurationError) {
    func seconds(_ key: SettingKey) -> TimeInterval { .seconds(UInt64(settings.integer(key))) }
    func milliseconds(_ key: SettingKey) -> TimeInterval { .milliseconds(UInt64(settings.integer(key))) }
    maxRooms = settings.integer(.roomsMaxRooms)
    maxMembers = settings.integer(.roomsMaxMembers)
    maxTracksPerMember = settings.integer(.roomsMaxTracksPerMember)
    resumeWindow = seconds(.roomsResumeWindowSeconds)
    consentTimeout = seconds(.mediaConsentTimeoutSeconds)
    handshakeTimeout = seconds(.mediaHandshakeTimeoutSeconds)
    maxVideoBitsPerSecond = UInt64(settings.integer(.mediaMaxVideoBitsPerSecond))
    videoCacheBytes = settings.integer(.mediaVideoCacheBytes)
    audioCacheBytes = settings.integer(.mediaAudioCacheBytes)
    coalesceMin = milliseconds(.rekeyCoalesceMinMilliseconds)
    coalesceMax = milliseconds(.rekeyCoalesceMaxMilliseconds)
    rekeyDeadline = milliseconds(.rekeyDeadlineMilliseconds)
    rekeyPeriod = seconds(.rekeyPeriodicSeconds)
    guard coalesceMin <= coalesceMax else {
      throw settings.fault(
        .rekeyCoalesceMaxMilliseconds,
        allowed: "\(settings.text(.rekeyCoalesceMinMilliseconds)) (`rekey.coalesceMinMilliseconds`) or more")
    }
  }
}
