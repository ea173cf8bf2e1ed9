import E2EKeys
import WireBytes

/// One room of a run.
final class CallRoom: Sendable {
  let index: Int
  let invite: InviteSecret
  let ledger = RoomLedger()
  let sent = SentFrames()
  let ghosts = GhostAudience()
  let floor: TalkFloor

  init(index: Int, invite: InviteSecret, scenario: CallScenario, at now: MonotonicInstant) {
    self.index = index
    self.invite = invite
    let isOpen = scenario.talkers >= scenario.participants
    floor = TalkFloor(
      talkers: isOpen ? scenario.receiveSlots : scenario.talkers, seats: scenario.receiveSlots,
      duration: scenario.duration, at: now)
  }
}
