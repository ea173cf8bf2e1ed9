import E2EKeys
import NIOCore
import Synchronization
import WireBytes

/// What all participants of a run share.
struct CallEnvironment: Sendable {
  let scenario: CallScenario
  let media: ScenarioMedia
  let relay: RelayAddress
  let group: any EventLoopGroup
  /// The address that participants' sockets are bound to, with port 0.
  let localAddress: Endpoint
  let recorder: CallRecorder?
  let failures: FailureList
}

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

/// What went wrong during a run, each kind once with its number.
final class FailureList: Sendable {
  private let counts = Mutex<[(text: String, count: Int)]>([])

  func add(_ text: String) {
    counts.withLock { counts in
      if let index = counts.firstIndex(where: { $0.text == text }) {
        counts[index].count += 1
      } else if counts.count < 50 {
        counts.append((text, 1))
      }
    }
  }

  var texts: [String] { counts.withLock { $0.map { $0.count == 1 ? $0.text : "\($0.text) (\($0.count) times)" } } }
}
