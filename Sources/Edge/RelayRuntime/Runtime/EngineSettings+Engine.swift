import Membership
import RelayEngine
import WireBytes

extension EngineSettings {
  /// The engine's own form of these settings.
  func configuration(advertised: [Endpoint]) -> EngineConfiguration {
    var engine = EngineConfiguration(advertised: advertised)
    engine.maxRooms = maxRooms
    engine.maxMembersPerRoom = maxMembers
    engine.maxTracksPerMember = maxTracksPerMember
    engine.resumeWindow = resumeWindow
    engine.consentTimeout = consentTimeout
    engine.handshakeTimeout = handshakeTimeout
    engine.maxVideoBitrate = maxVideoBitsPerSecond
    engine.videoCacheBytes = videoCacheBytes
    engine.audioCacheBytes = audioCacheBytes
    engine.rekey.coalesceMin = coalesceMin
    engine.rekey.coalesceMax = coalesceMax
    engine.rekey.deadline = rekeyDeadline
    engine.rekey.periodic = rekeyPeriod
    return engine
  }
}
