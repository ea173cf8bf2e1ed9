import Crypto
import Signaling
import WireBytes

extension CallKeys {
  private static let stashLimit = 16

  /// Why a commit is not taken: refused for a reason, or of no interest to this member.
  private enum Refusal: Error {
    case failure(RekeyFailure)
    case ignored
  }

  /// Verifies a commit and takes its key. A commit for a log position that is not known yet waits for it.
  func receiveCommit(_ bytes: [UInt8], from sender: Member, at now: MonotonicInstant) {
    guard let commit = try? Commit(parsing: bytes) else {
      emit(.rekeyFailed(epoch: 0, .malformed))
      return
    }
    if let log, commit.header.headN > log.n {
      if stash.count < Self.stashLimit { stash.append((sender.id, bytes)) }
      return
    }
    do throws(Refusal) {
      let holders = try verify(commit, from: sender, at: now)
      let key = try key(of: commit, from: sender, holders: holders, at: now)
      let confirmation = EpochKeys.confirmation(
        key, epoch: commit.header.epoch, headHash: commit.header.headHash, keyRosterHash: commit.header.keyRosterHash)
      guard confirmation == commit.header.confirmation else { throw .failure(.badConfirmation) }
      install(
        EpochKeys(
          header: commit.header, key: key, senders: senders(holders), isOwn: false,
          begunAt: begun(commit.header.advised, at: now), at: now,
          activateBy: activationLimit(advised: commit.header.advised, at: now)),
        at: now)
    } catch {
      guard case .failure(let failure) = error else { return }
      if let entry = commit.header.entries.first(where: { $0.joinIndex == ownJoinIndex }) {
        metrics.handshakes[entry.suite, default: HandshakeCounts()].refused &+= 1
      }
      emit(.rekeyFailed(epoch: commit.header.epoch, failure))
    }
  }

  /// Takes commits out of the stash whose log position is known by now.
  func processStash(at now: MonotonicInstant) {
    let waiting = stash
    stash = []
    for (from, bytes) in waiting {
      guard let sender = log?.member(from) else { continue }
      receiveCommit(bytes, from: sender, at: now)
    }
  }

  /// Checks everything but the key, the signature last because it costs most. Returns who holds the key.
  private func verify(
    _ commit: Commit, from sender: Member, at now: MonotonicInstant
  ) throws(Refusal) -> [Member] {
    let header = commit.header
    guard let log, header.epoch >= sending?.epoch ?? 0, header.headN >= sending?.header.headN ?? 0 else {
      throw .ignored
    }
    // What goes to all also reaches those who came after it.
    guard header.headN >= ownJoinIndex else { throw .ignored }
    guard header.sender == sender.joinIndex, header.senderBundleHash == sender.bundleHash, header.room == room,
      header.epoch > 0, header.epoch <= Self.maximumEpoch, header.kind == .catchUp || header.origin == header.sender
    else { throw .failure(.malformed) }
    guard let snapshot = log.snapshot(at: header.headN), snapshot.headHash == header.headHash,
      snapshot.rosterHash(room: room) == header.rosterHash
    else { throw .failure(.rosterMismatch) }
    guard snapshot.members.contains(where: { $0.isSelf }) else { throw .ignored }
    let excluded = Set(header.excluded)
    guard !excluded.contains(ownJoinIndex) else { throw .failure(.excluded) }
    let holders = snapshot.members.filter { !excluded.contains($0.joinIndex) }
    guard holders.allSatisfy(\.isAuthentic) else { throw .failure(.unauthenticatedMember) }
    guard RoomLog.rosterHash(holders, room: room) == header.keyRosterHash,
      holders.contains(where: { $0.joinIndex == header.sender })
    else { throw .failure(.rosterMismatch) }
    // The header names the weakest suite on the key's way, and may not name a stronger one than its own entries show.
    let floor = policy.floor(at: now)
    guard header.weakest >= floor, header.entries.allSatisfy({ $0.suite >= header.weakest }) else {
      throw .failure(.weakSuite)
    }
    if header.kind == .fresh {
      let expected = holders.map(\.joinIndex).filter { $0 != header.sender }
      guard header.entries.map(\.joinIndex) == expected else { throw .failure(.rosterMismatch) }
    }
    guard let identity = sender.bundle?.identity else { throw .failure(.badSignature) }
    let isSigned = timed(.verify) {
      isValidSignature(
        commit.signature, of: commit.signedBytes, context: Commit.signatureContext, by: identity)
    }
    guard isSigned else { throw .failure(.badSignature) }
    return holders
  }

  /// The epoch's key: unwrapped if an entry is for this member, else ratcheted.
  private func key(
    of commit: Commit, from sender: Member, holders: [Member], at now: MonotonicInstant
  ) throws(Refusal) -> SymmetricKey {
    let header = commit.header
    let base = epochs.first { $0.epoch == header.baseEpoch && $0.id == header.baseID }
    if header.kind == .ratchet, let base {
      guard base.isContained(in: holders) else { throw .failure(.badBase) }
      guard header.weakest <= base.header.weakest else { throw .failure(.weakSuite) }
    }
    if let entry = header.entries.first(where: { $0.joinIndex == ownJoinIndex }) {
      return try unwrap(commit, entry: entry, from: sender, at: now)
    }
    guard header.kind == .ratchet else { throw .failure(.malformed) }
    guard let base else {
      requestEpoch(from: sender, at: now)
      throw .failure(.badBase)
    }
    return base.ratcheted(keyRosterHash: header.keyRosterHash)
  }

  private func unwrap(
    _ commit: Commit, entry: Commit.Entry, from sender: Member, at now: MonotonicInstant
  ) throws(Refusal) -> SymmetricKey {
    guard let wrapped = commit.wrapped, sha3(wrapped.bytes) == entry.hash, wrapped.suite == entry.suite,
      wrapped.generation == entry.generation, let bundle = sender.bundle
    else { throw .failure(.badWrappedKey) }
    guard entry.suite == KeyAgreementSuite.strongest(offered, bundle.suites) else {
      throw .failure(.weakSuite)
    }
    let held = [agreement, previousAgreement?.keys].compactMap { $0 }
    guard let keys = held.first(where: { $0.publicKeys.generation == entry.generation }) else {
      // Wrapped to keys that are erased: the sender has not heard of the newer ones.
      sendKeyUpdate(to: sender, at: now)
      requestEpoch(from: sender, at: now)
      throw .failure(.badWrappedKey)
    }
    do {
      let key = try timed(.decapsulate) {
        try wrapped.open(
          with: keys, offers: (sender: bundle.offeredBytes, recipient: offeredBytes),
          binding: binding(commit.header, sender: sender.bundleHash, recipient: bundleHash))
      }
      metrics.handshakes[entry.suite, default: HandshakeCounts()].opened &+= 1
      return key
    } catch {
      throw .failure(.badWrappedKey)
    }
  }
}
