package import E2EKeys
package import Signaling
import Synchronization
package import WireBytes

/// What happened in one room: who was there when, and how each epoch came about. Shared by the room's participants.
package final class RoomLedger: Sendable {
  private struct Epoch {
    var cause: RekeyCause
    /// When the first participant heard of the preparation.
    var preparedAt: MonotonicInstant
    var activatedAt: [Int: MonotonicInstant] = [:]
    /// Participants that were in the call when it was prepared.
    var expected: Set<Int>
  }

  private struct Departure {
    let participant: Int
    let at: MonotonicInstant
    /// The highest epoch whose keys the departed member held.
    let lastEpoch: UInt32
    /// For each remaining sender the last moment at which it sealed under an epoch the departed member knew.
    var lastKnownSeal: [Int: MonotonicInstant] = [:]
  }

  private struct Change {
    let at: MonotonicInstant
    let isJoin: Bool
  }

  private struct State {
    var present: Set<Int> = []
    var epochs: [UInt32: Epoch] = [:]
    var departures: [Departure] = []
    var changes: [Change] = []
    var suites: [String: Int] = [:]
    var fallbacks: Set<KeyAgreementSuite> = []
  }

  private let state = Mutex(State())

  package init() {}

  package func joined(_ participant: Int, at now: MonotonicInstant) {
    state.withLock { state in
      state.present.insert(participant)
      state.changes.append(Change(at: now, isJoin: true))
    }
  }

  package func left(_ participant: Int, at now: MonotonicInstant, lastEpoch: UInt32) {
    state.withLock { state in
      state.present.remove(participant)
      for epoch in state.epochs.keys { state.epochs[epoch]?.expected.remove(participant) }
      state.departures.append(Departure(participant: participant, at: now, lastEpoch: lastEpoch))
      state.changes.append(Change(at: now, isJoin: false))
    }
  }

  package func prepared(_ rekey: Rekey, at now: MonotonicInstant) {
    state.withLock { state in
      guard state.epochs[rekey.epoch] == nil else { return }
      state.epochs[rekey.epoch] = Epoch(cause: rekey.cause, preparedAt: now, expected: state.present)
    }
  }

  package func activated(_ epoch: UInt32, by participant: Int, at now: MonotonicInstant) {
    state.withLock { $0.epochs[epoch]?.activatedAt[participant] = now }
  }

  /// A member says that the epoch in use is no stronger than this.
  package func fellBack(to suite: KeyAgreementSuite) { state.withLock { _ = $0.fallbacks.insert(suite) } }

  package func chose(_ suite: KeyAgreementSuite) { state.withLock { $0.suites[suite.name, default: 0] += 1 } }

  package func sealed(by participant: Int, epoch: UInt32, at now: MonotonicInstant) {
    state.withLock { state in
      for index in state.departures.indices where epoch <= state.departures[index].lastEpoch {
        state.departures[index].lastKnownSeal[participant] = now
      }
    }
  }

  /// The epochs in order, each with the time from its preparation to the last expected member's switch to it; nil if
  /// one never switched. A member may go straight to a later epoch when changes follow each other closely.
  package func rekeys(room: Int, from start: MonotonicInstant) -> [CallReport.RekeyResult] {
    let epochs = state.withLock { $0.epochs }
    var arrivals: [Int: MonotonicInstant] = [:]
    var results: [CallReport.RekeyResult] = []
    for (number, epoch) in epochs.sorted(by: { $0.key > $1.key }) {
      arrivals.merge(epoch.activatedAt, uniquingKeysWith: min)
      let members = epoch.expected.union(epoch.activatedAt.keys)
      let moments = members.compactMap { arrivals[$0] }
      let end = moments.count == members.count ? moments.max() : nil
      results.append(
        CallReport.RekeyResult(
          room: room, epoch: number, cause: epoch.cause.rawValue, at_s: Self.seconds(epoch.preparedAt, from: start),
          converged_ms: end.map { $0.milliseconds(since: epoch.preparedAt) }))
    }
    return results.reversed()
  }

  /// For each departure, milliseconds until the last remaining sender stopped using a key that the departed member had.
  package var removalWindows: [Double] {
    state.withLock { state in
      state.departures.map { departure in
        departure.lastKnownSeal.values.max()?.milliseconds(since: departure.at) ?? 0
      }
    }
  }

  /// Joins and leaves from `start` on.
  package func changes(room: Int, from start: MonotonicInstant) -> [CallReport.Change] {
    state.withLock { $0.changes }.filter { $0.at >= start }.map {
      CallReport.Change(room: room, kind: $0.isJoin ? "join" : "leave", at_s: Self.seconds($0.at, from: start))
    }
  }

  /// Negative before `start`.
  private static func seconds(_ moment: MonotonicInstant, from start: MonotonicInstant) -> Double {
    (moment.milliseconds(since: start) - start.milliseconds(since: moment)) / 1_000
  }

  /// The suites below ML-KEM-1024 that epochs of the room came down to.
  package var fallbacks: Set<KeyAgreementSuite> { state.withLock { $0.fallbacks } }

  package var suites: [String: Int] { state.withLock { $0.suites } }
}
