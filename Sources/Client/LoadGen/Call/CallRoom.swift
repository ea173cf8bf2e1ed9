import E2EKeys

/// One room of a run.
final class CallRoom: Sendable {
  let index: Int
  let invite: InviteSecret
  let ledger = RoomLedger()
  let sent = SentFrames()
  let ghosts = GhostAudience()

  init(index: Int, invite: InviteSecret) {
    self.index = index
    self.invite = invite
  }
}
