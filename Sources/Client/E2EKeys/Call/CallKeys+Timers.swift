import Signaling
package import WireBytes

extension CallKeys {
  /// Does everything that is due. Call no later than `nextDeadline`.
  package func expire(at now: MonotonicInstant) {
    guard !isClosed else { return }
    runDue(at: now)
  }

  /// The common end of every entry point: whatever is due now is done, and the next deadline is set.
  func runDue(at now: MonotonicInstant) {
    eraseDue(at: now)
    findSilent(at: now)
    refuseFallbackDue(at: now)
    commitDue(at: now)
    activateDue(at: now)
    blockIfOverdue(at: now)
    beatDue(at: now)
    rotateDue(at: now)
    nextDeadline = earliestDeadline()
  }

  private func eraseDue(at now: MonotonicInstant) {
    erasedKeys += epochs.filter { $0.retireAt <= now }.map(\.id)
    if erasedKeys.count > Self.erasedKeysLimit { erasedKeys.removeFirst(erasedKeys.count - Self.erasedKeysLimit) }
    epochs.removeAll { $0.retireAt <= now }
    if let previous = previousAgreement, previous.eraseAt <= now { previousAgreement = nil }
  }

  private func findSilent(at now: MonotonicInstant) {
    guard let log, now >= silenceCheckAt else { return }
    var next = MonotonicInstant.never
    for member in log.members where !member.isSelf && member.isAuthentic && member.silentSince == nil {
      let limit = member.lastHeard + policy.silence
      if now >= limit {
        member.silentSince = now
        emit(.memberSilent(member.id))
      } else {
        next = min(next, limit)
      }
    }
    silenceCheckAt = next
  }

  /// Ends what the policy allowed for a time only: members that have nothing better than a 768 suite get no more keys,
  /// and an epoch that was made by one is replaced, or sealing stops at the deadline.
  private func refuseFallbackDue(at now: MonotonicInstant) {
    guard let log, !hasRefusedFallback, now >= policy.refuse768After else { return }
    hasRefusedFallback = true
    for member in log.members where !member.isSelf {
      guard let suite = member.suite, !suite.is1024, let bundle = member.bundle else { continue }
      member.suite = nil
      emit(.memberRejected(member.id, .noCommonSuite(SuiteOffers(own: offered, theirs: bundle.offeredBytes))))
    }
    if let newest, !newest.header.weakest.is1024 { pendingLeaves.append(PendingLeave(n: log.n, learnedAt: now)) }
  }

  private func commitDue(at now: MonotonicInstant) {
    guard let log else { return }
    if let preparation, let due = preparationDue(), now >= due {
      if due > preparation.at { emit(.committerFailover(epoch: preparation.epoch)) }
      commit(cause: preparation.cause, advised: preparation.epoch, headN: preparation.headN, at: now)
      self.preparation = nil
    }
    if let due = ownCommitDue(), now >= due.at, !commit(cause: due.cause, advised: 0, headN: log.n, at: now) {
      retryCommitAt = now + policy.failover
    }
  }

  /// When this member commits the prepared epoch, unless somebody before it in rank has.
  private func preparationDue() -> MonotonicInstant? {
    guard let preparation, let snapshot = log?.snapshot(at: preparation.headN) else { return nil }
    guard let rank = rank(in: snapshot.members) else { return nil }
    return max(preparation.at + policy.failover * UInt64(rank), budget.nextAt)
  }

  /// When this member commits without the relay's advice, and why.
  private func ownCommitDue() -> (at: MonotonicInstant, cause: RekeyCause)? {
    // A commit that failed is tried again, but not at once for ever.
    wantedCommit().map { (max($0.at, retryCommitAt), $0.cause) }
  }

  private func wantedCommit() -> (at: MonotonicInstant, cause: RekeyCause)? {
    guard let log, let rank = rank(in: log.members) else { return nil }
    let wait = policy.failover * UInt64(rank)
    // Nobody gave this member a key, and those who have one would have by now.
    guard let newest else { return preparation == nil ? (joinedAt + policy.heartbeat * 2 + wait, .join) : nil }
    var due: (at: MonotonicInstant, cause: RekeyCause) = (
      newest.renewedAt + policy.maximumEpochAge + wait, .periodic
    )
    if let leave = pendingLeaves.first(where: { $0.n > newest.header.headN && $0.n > preparation?.headN ?? 0 }) {
      let at = leave.learnedAt + policy.adviceWait + wait
      if at < due.at { due = (at, .leave) }
    }
    guard preparation == nil else { return due }
    if let strayed, strayed.epoch >= newest.epoch {
      let at = max(strayed.at + wait, budget.nextAt)
      if at < due.at { due = (at, .mixed) }
    }
    if let missing = missingSince(newest, log), missing < due.at { due = (missing, .join) }
    // Silence is each member's own observation, so only the first in rank acts on it.
    guard rank == 0 else { return due }
    if hasRefusedFallback, !newest.header.weakest.is1024, policy.refuse768After < due.at {
      due = (policy.refuse768After, .leave)
    }
    for member in log.members where !member.isSelf {
      if let silentSince = member.silentSince, newest.holds(member), silentSince < due.at {
        due = (silentSince, .leave)
      }
    }
    return due
  }

  /// When this member lets in, without advice, a live member that the newest epoch leaves out; nil if there is none.
  ///
  /// Such a one was found silent, or is a joiner for whom the relay prepared nothing, or has come to hold another epoch
  /// than this one. The rank counts among those who hold the epoch: the one left out may be the first of all, and cannot
  /// help itself. Whoever found it silent takes it back at once; the others wait for a heartbeat's time, in case the
  /// relay's advice comes or it is silent to the first of them.
  private func missingSince(_ newest: EpochKeys, _ log: RoomLog) -> MonotonicInstant? {
    var earliest: MonotonicInstant?
    for member in log.members where !member.isSelf && member.isEligible && !newest.holds(member) {
      let since = max(newest.acceptedAt, member.admittedAt)
      // Only what was heard shows that it is there.
      guard member.awaitsReadmission || member.lastHeard > since else { continue }
      let due = member.awaitsReadmission ? member.lastHeard : since + policy.heartbeat
      earliest = min(earliest ?? due, due)
    }
    guard let earliest, let rank = rank(in: log.members.filter({ newest.holds($0) })) else { return nil }
    return earliest + policy.failover * UInt64(rank)
  }

  private static let erasedKeysLimit = 64

  /// Fails closed: after the deadline nothing is sealed under a key that a departed member has.
  private func blockIfOverdue(at now: MonotonicInstant) {
    guard !isSendingBlocked, let leave = pendingLeaves.first, now >= leave.learnedAt + policy.deadline else { return }
    isSendingBlocked = true
    emit(.sendingBlocked)
  }

  private func beatDue(at now: MonotonicInstant) {
    guard let log, now >= heartbeatAt else { return }
    let heartbeat = Heartbeat(
      headN: log.n, headHash: log.headHash, epoch: sending?.epoch ?? 0,
      epochID: sending?.id ?? [UInt8](repeating: 0, count: EpochKeys.identifierLength),
      generation: agreement?.publicKeys.generation ?? 0)
    for member in log.members where !member.isSelf { send(.heartbeat(heartbeat), to: member) }
    heartbeatAt = now + policy.heartbeat
  }

  /// Replaces the agreement keys after a periodic epoch and tells everybody.
  private func rotateDue(at now: MonotonicInstant) {
    guard now >= rotateAt, let agreement, let log else { return }
    rotateAt = .never
    let generation = agreement.publicKeys.generation &+ 1
    guard let next = try? timed(.generateKeys, { try AgreementPrivateKeys(generation: generation, suites: offered) })
    else { return }
    previousAgreement = (agreement, now + policy.silence)
    self.agreement = next
    guard let update = keyUpdate() else { return }
    for member in log.members where !member.isSelf {
      member.lastUpdateSent = now
      send(.keyUpdate(update), to: member)
    }
  }

  private func earliestDeadline() -> MonotonicInstant {
    guard log != nil else { return .never }
    var earliest = min(heartbeatAt, silenceCheckAt, rotateAt)
    if let previousAgreement { earliest = min(earliest, previousAgreement.eraseAt) }
    if !hasRefusedFallback { earliest = min(earliest, policy.refuse768After) }
    if let due = preparationDue() { earliest = min(earliest, due) }
    if let due = ownCommitDue() { earliest = min(earliest, due.at) }
    for epoch in epochs {
      earliest = min(earliest, epoch.retireAt)
      if epoch.retireAt == .never, sending.map({ epoch.isBetter(than: $0) }) ?? true {
        earliest = min(earliest, activationTime(epoch))
      }
    }
    if !isSendingBlocked, let leave = pendingLeaves.first {
      earliest = min(earliest, leave.learnedAt + policy.deadline)
    }
    return earliest
  }
}
