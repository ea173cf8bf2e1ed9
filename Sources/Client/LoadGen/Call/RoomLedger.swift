import E2EKeys
import Signaling
import Synchronization
import WireBytes

/// What happened in one room: who was there when, and how each epoch came about. Shared by the room's participants.
final class RoomLedger: Sendable {
  struct Epoch: Sendable {
    var cause: RekeyCause
    /// When the first participant heard of the preparation.
    var preparedAt: MonotonicInstant
    var activatedAt: [Int: MonotonicInstant] = [:]
    /// Participants that were in the call when it was prepared.
    var expected: Set<Int>
  }

  struct Departure: Sendable {
    let participant: Int
    let at: MonotonicInstant
    /// The highest epoch whose keys the departed member held.
    let lastEpoch: UInt32
    /// For each remaining sender the last moment at which it sealed under an epoch the departed member knew.
    var lastKnownSeal: [Int: MonotonicInstant] = [:]
  }

  private struct State {
    var present: Set<Int> = []
    var epochs: [UInt32: Epoch] = [:]
    var departures: [Departure] = []
    var suites: [String: Int] = [:]
  }

  private let state = Mutex(State())

  func joined(_ participant: Int) { state.withLock { _ = $0.present.insert(participant) } }

  func left(_ participant: Int, at now: MonotonicInstant, lastEpoch: UInt32) {
    state.withLock { state in
      state.present.remove(participant)
      for epoch in state.epochs.keys { state.epochs[epoch]?.expected.remove(participant) }
      state.departures.append(Departure(participant: participant, at: now, lastEpoch: lastEpoch))
    }
  }

  func prepared(_ rekey: Rekey, at now: MonotonicInstant) {
    state.withLock { state in
      guard state.epochs[rekey.epoch] == nil else { return }
      state.epochs[rekey.epoch] = Epoch(cause: rekey.cause, preparedAt: now, expected: state.present)
    }
  }

  func activated(_ epoch: UInt32, by participant: Int, at now: MonotonicInstant) {
    state.withLock { $0.epochs[epoch]?.activatedAt[participant] = now }
  }

  func chose(_ suite: KeyAgreementSuite) { state.withLock { $0.suites[suite.name, default: 0] += 1 } }

  func sealed(by participant: Int, epoch: UInt32, at now: MonotonicInstant) {
    state.withLock { state in
      for index in state.departures.indices where epoch <= state.departures[index].lastEpoch {
        state.departures[index].lastKnownSeal[participant] = now
      }
    }
  }

  /// The epochs in order, each with the time from its preparation to the last expected member's switch; nil if one
  /// never switched and no later epoch took its place.
  func rekeys(room: Int) -> [CallReport.RekeyResult] {
    let epochs = state.withLock { $0.epochs }
    let last = epochs.keys.max() ?? 0
    return epochs.keys.sorted().compactMap { number in
      guard let epoch = epochs[number] else { return nil }
      let missing = epoch.expected.subtracting(epoch.activatedAt.keys)
      // A member may go straight to a later epoch when changes follow each other closely.
      let superseded = missing.allSatisfy { participant in
        epochs.contains { $0.key > number && $0.value.activatedAt[participant] != nil }
      }
      if !missing.isEmpty, number == last || !superseded {
        return CallReport.RekeyResult(room: room, epoch: number, cause: epoch.cause.rawValue, converged_ms: nil)
      }
      let end = epoch.activatedAt.values.max() ?? epoch.preparedAt
      return CallReport.RekeyResult(
        room: room, epoch: number, cause: epoch.cause.rawValue,
        converged_ms: end.milliseconds(since: epoch.preparedAt))
    }
  }

  /// For each departure, milliseconds until the last remaining sender stopped using a key that the departed member had.
  var removalWindows: [Double] {
    state.withLock { state in
      state.departures.compactMap { departure in
        departure.lastKnownSeal.values.max().map { $0.milliseconds(since: departure.at) }
      }
    }
  }

  var suites: [String: Int] { state.withLock { $0.suites } }
}
