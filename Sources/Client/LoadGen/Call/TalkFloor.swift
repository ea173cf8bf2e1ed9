import Synchronization
package import WireBytes

/// Who talks when in one room: a fixed number of members at a time, in turn, so that in time everyone does.
///
/// Members sit in a circle, and the turns wander around it. A seat that somebody left goes to the next who comes.
package final class TalkFloor: Sendable {
  /// Longer turns leave someone in a short run without one; shorter ones cut sentences.
  private static let longestTurn = TimeInterval.seconds(5)
  private static let shortestTurn = TimeInterval.milliseconds(500)

  private let start: MonotonicInstant
  /// Zero if everyone talks all the time.
  private let round: TimeInterval
  private let turn: TimeInterval
  private let seats: Int
  private let taken = Mutex<[Int: Int]>([:])

  /// `talkers` of `seats` talk at a time; a run of `duration` has room for everyone's turn.
  package init(talkers: Int, seats: Int, duration: TimeInterval, at start: MonotonicInstant) {
    self.start = start
    self.seats = max(1, seats)
    guard talkers < seats else {
      (round, turn) = (.zero, .zero)
      return
    }
    let count = UInt64(max(1, talkers))
    // Four fifths: the first turns begin while members still join.
    let fair = TimeInterval(nanoseconds: duration.nanoseconds / UInt64(self.seats) * count / 5 * 4)
    turn = min(Self.longestTurn, max(Self.shortestTurn, fair))
    round = TimeInterval(nanoseconds: turn.nanoseconds * UInt64(self.seats) / count)
  }

  /// Whether everyone talks all the time.
  package var isOpen: Bool { round == .zero }

  /// Gives the participant a seat: the first that is free.
  package func take(_ participant: Int) -> Int {
    taken.withLock { taken in
      let seat = (0...taken.count).first { taken[$0] == nil } ?? 0
      taken[seat] = participant
      return seat
    }
  }

  package func leave(_ participant: Int) {
    taken.withLock { taken in taken = taken.filter { $0.value != participant } }
  }

  package func isTalking(_ seat: Int, at now: MonotonicInstant) -> Bool {
    guard !isOpen else { return true }
    let share = round.nanoseconds / UInt64(seats) * UInt64(seat % seats)
    return (now.nanoseconds(since: start) + share) % round.nanoseconds < turn.nanoseconds
  }
}
