package import E2EKeys
package import WireBytes

/// Which bots join which call.
package struct JoinPlan: Sendable {
  package var invite: InviteSecret
  package var relay: RelayAddress
  package var participants = 3
  /// Nil until somebody ends the program.
  package var duration: TimeInterval?
  package var namePrefix = "Bot"
  package var token: String?
  /// Bots that speak at the same time, in turn with the others.
  package var talkers = 1
  package var sendsAudio = true
  package var sendsVideo = true
  /// Bits per second of each bot's pictures.
  package var videoBitrate = 500_000

  package init(invite: InviteSecret, relay: RelayAddress) {
    self.invite = invite
    self.relay = relay
  }

  /// `number` from 1.
  package func name(of number: Int) -> String { "\(namePrefix) \(number)" }
}
