package import E2EKeys
package import SRTP

/// What a participant joins with.
package struct ParticipantConfiguration: Sendable {
  package var invite: InviteSecret
  package var policy = KeyPolicy()
  /// How the participant wants to be called, up to 128 bytes; only other members learn it.
  package var displayName: String?
  /// The identities that this device knows from earlier calls.
  package var pins = IdentityPins()
  /// Measures what key operations cost; stopped, all durations are zero.
  package var stopwatch = Stopwatch.stopped
  /// Join token; a relay in development mode needs none.
  package var token: String?
  /// Receive slots: how many others are heard and seen at once.
  package var audioSlots = 16
  package var videoSlots = 16
  package var publishAudio = true
  package var publishVideo = true
  /// Announced in the Dependency Descriptor of key frames, in pixels.
  package var videoWidth: UInt16 = 640
  package var videoHeight: UInt16 = 360
  /// Offered for the hop, in order of preference.
  package var srtpProfiles: [SRTPProfile] = [.aeadAES256GCM, .aeadAES128GCM, .aes128CMHMACSHA1_80]

  package init(invite: InviteSecret) { self.invite = invite }
}
