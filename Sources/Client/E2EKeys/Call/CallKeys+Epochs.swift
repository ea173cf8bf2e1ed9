package import Signaling
package import WireBytes

extension CallKeys {
  /// The relay's advice to prepare or to execute an epoch.
  package func rekey(_ rekey: Rekey, at now: MonotonicInstant) {
    guard !isClosed, let log else { return }
    switch rekey.phase {
    case .prepare:
      guard rekey.epoch > max(executedAdvice, answeredAdvice, preparation?.epoch ?? 0),
        rekey.epoch <= Self.maximumAdvice, rekey.head.n >= newest?.header.headN ?? 0
      else { break }
      guard let snapshot = log.snapshot(at: rekey.head.n), snapshot.headHash == rekey.head.hash.bytes,
        snapshot.rosterHash(room: room) == rekey.rosterHash.bytes
      else {
        emit(.relayInconsistent(.rosterMismatch))
        break
      }
      let deadline = min(TimeInterval.milliseconds(UInt64(rekey.deadlineMs)), policy.deadline)
      preparation = Preparation(
        epoch: rekey.epoch, cause: rekey.cause, headN: rekey.head.n, at: preparation?.at ?? now,
        deadline: now + deadline)
    // Of an epoch that was not prepared here it says nothing; a wild number would hide those to come.
    case .execute where rekey.epoch <= max(answeredAdvice, preparation?.epoch ?? 0):
      executedAdvice = max(executedAdvice, rekey.epoch)
    case .execute: break
    }
    runDue(at: now)
  }

  /// Takes an epoch's keys. The first for an advised epoch is reported to the relay.
  func install(_ epoch: EpochKeys, at now: MonotonicInstant) {
    guard !epochs.contains(where: { $0.epoch == epoch.epoch && $0.id == epoch.id }) else {
      answer(epoch.header.advised)
      return
    }
    // With the key went what is known of frames that were opened under it: they would open once more.
    guard !erasedKeys.contains(epoch.id) else { return }
    if epoch.header.kind != .catchUp, epoch.epoch > newest?.epoch ?? 0 {
      budget.spend(for: epoch.header.headN > newest?.header.headN ?? 0 ? .change : .renewal, at: now)
    }
    if epoch.header.kind == .ratchet,
      let base = epochs.first(where: { $0.epoch == epoch.header.baseEpoch && $0.id == epoch.header.baseID })
    {
      epoch.renewedAt = base.renewedAt
    }
    epochs.append(epoch)
    noteDeparted(in: epoch)
    if let sending, !epoch.isBetter(than: sending) {
      // The loser of a race still opens the frames of those who have not heard of the winner.
      epoch.retireAt = now + policy.overlap
    }
    for member in log?.members ?? [] where epoch.holds(member) { member.awaitsReadmission = false }
    answer(epoch.header.advised)
  }

  /// A key can come after the leave of one who holds it, which no key that was here before gave away. The deadline runs
  /// from the moment the leave was learned.
  private func noteDeparted(in epoch: EpochKeys) {
    for departure in departures where departure.leave.n > epoch.header.headN {
      guard epoch.senders[departure.joinIndex] != nil else { continue }
      guard !pendingLeaves.contains(where: { $0.n == departure.leave.n }) else { continue }
      pendingLeaves.append(departure.leave)
    }
    pendingLeaves.sort { $0.learnedAt < $1.learnedAt }
  }

  /// Forgets who left before every position that an epoch can still be of: one that waits, or one that is still to come.
  /// The epoch in use says nothing of that: a later one may be of an earlier position.
  private func forgetDepartures() {
    let positions = epochs.lazy.filter { $0.retireAt == .never }.map(\.header.headN)
    let oldest = min(log?.snapshots.first?.n ?? 0, positions.min() ?? 0)
    departures.removeAll { $0.leave.n <= oldest }
  }

  private func answer(_ advised: UInt32) {
    guard advised > answeredAdvice else { return }
    answeredAdvice = advised
    if let preparation, preparation.epoch <= advised { self.preparation = nil }
    actions.append(.ready(epoch: advised))
  }

  /// Switches to every epoch whose time has come, in order.
  func activateDue(at now: MonotonicInstant) {
    let better = epochs.filter { epoch in
      epoch.retireAt == .never && (sending.map { epoch.isBetter(than: $0) } ?? true)
    }
    for epoch in better.sorted(by: { $1.isBetter(than: $0) }) where now >= activationTime(epoch) {
      activate(epoch, at: now)
    }
  }

  /// When this member switches to an epoch that it holds: at once for an epoch that others send under already.
  func activationTime(_ epoch: EpochKeys) -> MonotonicInstant {
    let advised = epoch.header.advised
    if epoch.header.kind == .catchUp || epoch.epoch == sending?.epoch || (advised > 0 && executedAdvice >= advised) {
      return epoch.acceptedAt
    }
    // However late the relay is, a leave that the epoch reflects is acted upon within the deadline.
    let leave = pendingLeaves.first { $0.n <= epoch.header.headN }
    return leave.map { min($0.learnedAt + policy.deadline, epoch.activateBy) } ?? epoch.activateBy
  }

  private func activate(_ epoch: EpochKeys, at now: MonotonicInstant) {
    for other in epochs where other !== epoch && !other.isBetter(than: epoch) {
      other.retireAt = min(other.retireAt, now + policy.overlap)
    }
    sending = epoch
    epoch.activatedAt = now
    pendingLeaves.removeAll { $0.n <= epoch.header.headN }
    forgetDepartures()
    noteDeparted(in: epoch)
    isSendingBlocked = false
    if epoch.header.cause == .periodic {
      // Spread over two seconds, or a hundred members would verify ten thousand signatures at once.
      let place = log?.members.firstIndex { $0.isSelf } ?? 0
      rotateAt = now + .milliseconds(UInt64(min(place, 100)) * 20)
    }
    metrics.epochsActivated &+= 1
    if epoch.header.kind != .catchUp {
      metrics.rekeyConvergence.record(nanoseconds: now.nanoseconds(since: epoch.begunAt))
    }
    if metrics.joinCost == nil { metrics.joinCost = metrics.operationTime }
    var suites: [String: Int] = [:]
    for entry in epoch.header.entries { suites[entry.suite.name, default: 0] += 1 }
    emit(
      .epochActive(
        epoch: epoch.epoch, cause: epoch.header.cause, suites: suites, weakest: epoch.header.weakest,
        wasCommitter: epoch.isOwn && epoch.header.origin == ownJoinIndex))
    guard !epoch.header.weakest.is1024 else { return }
    metrics.fallbacks &+= 1
    emit(.fallback(epoch: epoch.epoch, suite: epoch.header.weakest))
  }
}
