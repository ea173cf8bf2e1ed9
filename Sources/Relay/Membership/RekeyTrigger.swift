package import Signaling
package import WireBytes

/// Decides when a room changes its keys, and never does it itself: it returns what is to be said.
///
/// ```
///           change                window over              all ready, or deadline
///   idle ----------> coalescing ---------------> preparing ----------------------> idle, or coalescing
///     ^ periodic is due: straight to preparing                                     when changes came meanwhile
/// ```
///
/// At most one epoch is in preparation; a change made meanwhile goes to the next, so nothing is dropped. A member that
/// leaves is no longer awaited. When the room empties everything but the epoch counter is forgotten.
///
/// A member that misses two deadlines in a row is reported as stale and from then on not awaited, so that one silent
/// member cannot keep every removal waiting for the deadline. A `ready` in time makes it count again.
package struct RekeyTrigger: ~Copyable {
  package enum Action: Sendable, Equatable {
    /// To be sent to all members.
    case prepare(Rekey)
    /// To be sent to all members. `addedMembers` are those that this epoch lets in and that are still there.
    case execute(Rekey, addedMembers: [MemberID])
    /// The member missed two deadlines in a row.
    case stale(MemberID)
  }

  /// How one epoch went.
  package struct Convergence: Sendable, Equatable {
    package let epoch: UInt32
    package let cause: RekeyCause
    /// When the first change of the epoch was made; `preparedAt` for a periodic one.
    package let changedAt: MonotonicInstant
    package let preparedAt: MonotonicInstant
    /// From `prepare` until the last awaited member was ready, or until the deadline when `laggards` is not zero.
    package let allReadyAfter: TimeInterval
    /// Awaited members that were not ready at the deadline.
    package let laggards: Int
  }

  /// Changes that wait for their epoch.
  private struct Pending {
    let since: MonotonicInstant
    var due: MonotonicInstant
    var positions: [UInt32] = []
    var joined: [MemberID] = []
    var hasLeave = false
  }

  private struct Preparation {
    let rekey: Rekey
    let added: [MemberID]
    let changedAt: MonotonicInstant
    let preparedAt: MonotonicInstant
    let deadline: MonotonicInstant
    var awaited: Set<MemberID>
  }

  /// Deadlines missed in a row before a member is called stale.
  private static let missesUntilStale = 2

  private let timing: RekeyTiming
  private var pending: Pending?
  private var preparation: Preparation?
  private var periodicDue = MonotonicInstant.never
  /// The highest epoch number given out; survives an empty room, for a number is never used twice.
  private var lastEpoch: UInt32 = 0
  private var executedDeadline = MonotonicInstant(nanoseconds: 0)
  private var misses: [MemberID: Int] = [:]
  private var convergences: [Convergence] = []

  /// The epoch that the present members were last told to use; 0 when there is none.
  package private(set) var executedEpoch: UInt32 = 0

  package init(timing: RekeyTiming) { self.timing = timing }

  /// When `expire` has something to do; at once when a leave has completed the preparation.
  package var nextDeadline: MonotonicInstant {
    if let preparation {
      return preparation.awaited.isEmpty ? MonotonicInstant(nanoseconds: 0) : preparation.deadline
    }
    // Changes go first: a periodic epoch that is due follows the one that takes them in.
    return pending?.due ?? periodicDue
  }

  /// Takes in a change that `log` holds already.
  package mutating func changed(entry: MembershipEntry, log: MembershipLog, at now: MonotonicInstant) {
    guard !log.members.isEmpty else { return reset() }
    var pending = self.pending ?? Pending(since: now, due: now)
    pending.positions.append(entry.n)
    switch entry.kind {
    case .join:
      pending.joined.append(entry.member)
    case .leave:
      pending.hasLeave = true
      misses[entry.member] = nil
      preparation?.awaited.remove(entry.member)
    }
    // The window is measured from the first change, so that a stream of changes cannot put its epoch off; its length
    // follows the room's size, which a wave of joins changes.
    pending.due = pending.since + timing.coalescing(members: log.members.count)
    self.pending = pending
  }

  /// A member says that it has the keys of `epoch`. Anything but the epoch in preparation, or the executed one within
  /// its deadline, is ignored.
  package mutating func ready(
    _ member: MemberID, epoch: UInt32, log: MembershipLog, at now: MonotonicInstant
  ) -> [Action] {
    if preparation?.rekey.epoch == epoch {
      guard log.contains(member) else { return [] }
      misses[member] = nil
      preparation?.awaited.remove(member)
      return advance(log, at: now)
    }
    // A stale member is not waited for, yet shows here that it is in time again.
    if epoch == executedEpoch, now <= executedDeadline { misses[member] = nil }
    return []
  }

  package mutating func expire(log: MembershipLog, at now: MonotonicInstant) -> [Action] { advance(log, at: now) }

  /// The epochs executed since the last call.
  package mutating func takeConvergences() -> [Convergence] {
    defer { convergences.removeAll() }
    return convergences
  }

  private mutating func advance(_ log: MembershipLog, at now: MonotonicInstant) -> [Action] {
    var actions: [Action] = []
    while true {
      if let current = preparation {
        guard current.awaited.isEmpty || current.deadline <= now else { return actions }
        preparation = nil
        execute(current, log, at: now, &actions)
      } else if let changes = pending, changes.due <= now {
        pending = nil
        actions.append(prepare(changes, log, at: now))
      } else if periodicDue <= now, pending == nil {
        periodicDue = now + timing.periodic
        actions.append(prepare(nil, log, at: now))
      } else {
        return actions
      }
    }
  }

  private mutating func prepare(_ changes: Pending?, _ log: MembershipLog, at now: MonotonicInstant) -> Action {
    lastEpoch += 1
    let cause: RekeyCause =
      switch changes {
      case nil: .periodic
      case let changes? where !changes.hasLeave: .join
      case let changes?: changes.joined.isEmpty ? .leave : .mixed
      }
    let rekey = Rekey(
      epoch: lastEpoch, phase: .prepare, cause: cause, changes: changes?.positions ?? [], head: log.head,
      rosterHash: log.rosterHash(), deadlineMs: UInt32(clamping: timing.deadline.milliseconds))
    var awaited = Set<MemberID>()
    for item in log.members where misses[item.member, default: 0] < Self.missesUntilStale {
      awaited.insert(item.member)
    }
    if awaited.isEmpty { awaited = Set(log.members.map(\.member)) }
    preparation = Preparation(
      rekey: rekey, added: changes?.joined ?? [], changedAt: changes?.since ?? now, preparedAt: now,
      deadline: now + timing.deadline, awaited: awaited)
    return .prepare(rekey)
  }

  private mutating func execute(
    _ current: Preparation, _ log: MembershipLog, at now: MonotonicInstant, _ actions: inout [Action]
  ) {
    var rekey = current.rekey
    rekey.phase = .execute
    rekey.deadlineMs = 0
    executedEpoch = rekey.epoch
    executedDeadline = current.deadline
    if periodicDue == .never, timing.periodic > .zero { periodicDue = now + timing.periodic }
    actions.append(.execute(rekey, addedMembers: current.added.filter { log.contains($0) }))
    // In log order, so that the same course of events gives the same messages.
    for member in log.members.map(\.member) where current.awaited.contains(member) {
      misses[member, default: 0] += 1
      if misses[member] == Self.missesUntilStale { actions.append(.stale(member)) }
    }
    convergences.append(
      Convergence(
        epoch: rekey.epoch, cause: rekey.cause, changedAt: current.changedAt, preparedAt: current.preparedAt,
        allReadyAfter: TimeInterval(nanoseconds: now.nanoseconds(since: current.preparedAt)),
        laggards: current.awaited.count))
  }

  private mutating func reset() {
    pending = nil
    preparation = nil
    periodicDue = .never
    executedEpoch = 0
    executedDeadline = MonotonicInstant(nanoseconds: 0)
    misses.removeAll()
  }
}
