import ClientEngine
import Synchronization
import WireBytes

/// Members that have left, with the keys they had, trying to open what is sealed after them.
///
/// It is the measurement behind "a departed member cannot open later frames": the frames are given to them directly,
/// as a relay that sides with them could.
final class GhostAudience: Sendable {
  typealias Opener = @Sendable (SealedFrame) -> Void

  private struct Ghost: Sendable {
    let lastEpoch: UInt32
    let tryToOpen: Opener
  }

  private struct State {
    var ghosts: [Ghost] = []
    var seen: UInt64 = 0
    var tried: UInt64 = 0
    var opened: UInt64 = 0
  }

  /// One frame in eight is tried: enough to catch any key that lives on, without doubling the run's cryptography.
  private static let sampling: UInt64 = 8

  private let state = Mutex(State())

  func add(lastEpoch: UInt32, _ tryToOpen: @escaping Opener) {
    state.withLock { $0.ghosts.append(Ghost(lastEpoch: lastEpoch, tryToOpen: tryToOpen)) }
  }

  func offer(_ frame: SealedFrame) {
    let ghosts = state.withLock { state -> [Ghost] in
      guard !state.ghosts.isEmpty else { return [] }
      state.seen += 1
      guard state.seen % Self.sampling == 0 else { return [] }
      return state.ghosts.filter { frame.epoch > $0.lastEpoch }
    }
    for ghost in ghosts { ghost.tryToOpen(frame) }
  }

  func tried(opened: Bool) {
    state.withLock { state in
      state.tried += 1
      if opened { state.opened += 1 }
    }
  }

  var result: (tried: UInt64, opened: UInt64) { state.withLock { ($0.tried, $0.opened) } }
}
