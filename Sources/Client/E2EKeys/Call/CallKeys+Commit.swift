import Crypto
import Signaling
import WireBytes

extension CallKeys {
  /// This member's place among those who may commit; nil if it is not in the roster.
  func rank(in members: [Member]) -> Int? {
    var rank = 0
    for member in members where member.isEligible {
      if member.isSelf { return rank }
      rank += 1
    }
    return nil
  }

  /// Makes the epoch for a log position, and announces it to its members.
  ///
  /// `advised` is the relay's epoch, or 0 when the clients act on their own. False if the cipher failed.
  @discardableResult
  func commit(cause: RekeyCause, advised: UInt32, headN: UInt32, at now: MonotonicInstant) -> Bool {
    guard let log, let snapshot = log.snapshot(at: headN), rank(in: snapshot.members) != nil else { return false }
    let holders = snapshot.members.filter(\.isEligible)
    let base = newest.flatMap {
      canRatchet(from: $0, to: holders, cause: cause, floor: policy.floor(at: now)) ? $0 : nil
    }
    let keyRosterHash = RoomLog.rosterHash(holders, room: room)
    let key: SymmetricKey
    if let base {
      key = base.ratcheted(keyRosterHash: keyRosterHash)
    } else {
      key = SecretBytes(random: random, count: 32).symmetricKey
    }
    let epoch = max(advised, max(newest?.epoch ?? 0, highestHeard) &+ 1)
    guard epoch <= Self.maximumEpoch else { return false }
    strayed = nil
    let others = holders.filter { !$0.isSelf }
    let receivers = others.filter { base?.holds($0) != true }
    let header = Commit.Header(
      kind: base == nil ? .fresh : .ratchet, cause: cause,
      weakest: weakest(of: receivers.compactMap(\.suite), base: base), epoch: epoch, advised: advised,
      origin: ownJoinIndex,
      sender: ownJoinIndex, headN: snapshot.n, headHash: snapshot.headHash,
      rosterHash: snapshot.rosterHash(room: room), keyRosterHash: keyRosterHash, baseEpoch: base?.epoch ?? 0,
      baseID: base?.id ?? [UInt8](repeating: 0, count: EpochKeys.identifierLength),
      confirmation: EpochKeys.confirmation(
        key, epoch: epoch, headHash: snapshot.headHash, keyRosterHash: keyRosterHash),
      room: room, senderBundleHash: bundleHash,
      excluded: snapshot.members.filter { !$0.isEligible }.map(\.joinIndex), entries: [])
    guard let commit = seal(header, key: key, wrapFor: receivers) else { return false }
    if !others.isEmpty {
      sendToAll(announcement: Commit.bytes(signedHeader: commit.signedBytes, signature: commit.signature))
    }
    for receiver in receivers {
      guard let wrapped = commit.wrapped[receiver.joinIndex] else { continue }
      send(.wrappedKey(WrappedKeyDelivery(commitHash: sha3(commit.signedBytes), wrapped: wrapped)), to: receiver)
    }
    install(
      EpochKeys(
        header: commit.header, key: key, senders: senders(holders), isOwn: true, begunAt: begun(advised, at: now),
        at: now, activateBy: activationLimit(advised: advised, at: now)),
      at: now)
    return true
  }

  /// The weakest suite on the way of a key to anybody, that of the key it is ratcheted from included.
  func weakest(of suites: [KeyAgreementSuite], base: EpochKeys?) -> KeyAgreementSuite {
    (suites + [base?.header.weakest].compactMap { $0 }).min() ?? offered[0]
  }

  /// When the change to an epoch began for this member.
  func begun(_ advised: UInt32, at now: MonotonicInstant) -> MonotonicInstant {
    preparation.flatMap { advised > 0 && $0.epoch == advised ? $0.at : nil } ?? now
  }

  /// Gives the key of the epoch in use, once more, to a member that missed it.
  func catchUp(_ member: Member, at now: MonotonicInstant) {
    guard let sending, sending.holds(member), member.isEligible, isDue(member.lastCatchUp, at: now) else { return }
    // What everybody was told of the epoch's strength stays true.
    guard let suite = member.suite, suite >= sending.header.weakest else { return }
    member.lastCatchUp = now
    var header = sending.header
    header.kind = .catchUp
    header.sender = ownJoinIndex
    header.senderBundleHash = bundleHash
    header.baseEpoch = 0
    header.baseID = [UInt8](repeating: 0, count: EpochKeys.identifierLength)
    header.entries = []
    guard let commit = seal(header, key: sending.key, wrapFor: [member]) else { return }
    send(
      .commit(
        Commit.bytes(
          signedHeader: commit.signedBytes, signature: commit.signature,
          wrapped: commit.wrapped[member.joinIndex] ?? [])), to: member)
  }

  /// A commit as its maker has it.
  private struct SealedCommit {
    let header: Commit.Header
    let signedBytes: [UInt8]
    let signature: [UInt8]
    /// By join index.
    let wrapped: [UInt32: [UInt8]]
  }

  /// Wraps and signs once; nil if the cipher failed.
  private func seal(_ incomplete: Commit.Header, key: SymmetricKey, wrapFor receivers: [Member]) -> SealedCommit? {
    var header = incomplete
    var wrapped: [UInt32: [UInt8]] = [:]
    do {
      for receiver in receivers {
        guard let suite = receiver.suite, let keys = receiver.agreement, let bundle = receiver.bundle else {
          return nil
        }
        let bytes = try timed(.encapsulate) {
          try WrappedKey(
            key, suite: suite, to: keys, offers: (sender: offeredBytes, recipient: bundle.offeredBytes),
            binding: binding(header, sender: bundleHash, recipient: receiver.bundleHash)
          ).bytes
        }
        metrics.handshakes[suite, default: HandshakeCounts()].made &+= 1
        wrapped[receiver.joinIndex] = bytes
        header.entries.append(
          Commit.Entry(
            joinIndex: receiver.joinIndex, suite: suite, generation: keys.generation, hash: sha3(bytes)))
      }
      let signedBytes = header.bytes
      let signature = try timed(.sign) {
        try identity.signature(of: signedBytes, context: Commit.signatureContext)
      }
      return SealedCommit(header: header, signedBytes: signedBytes, signature: signature, wrapped: wrapped)
    } catch {
      emit(.rekeyFailed(epoch: header.epoch, .badWrappedKey))
      return nil
    }
  }

  /// This member's offer as in its bundle.
  var offeredBytes: [UInt8] { offered.map(\.rawValue) }

  /// A ratchet is enough when nobody left and the key is not due for renewal.
  private func canRatchet(
    from base: EpochKeys, to holders: [Member], cause: RekeyCause, floor: KeyAgreementSuite
  ) -> Bool {
    guard cause != .periodic, base.epoch >= highestHeard, base.header.weakest >= floor else { return false }
    return base.isContained(in: holders)
  }

  func binding(_ header: Commit.Header, sender: [UInt8], recipient: [UInt8]) -> WrappedKey.Binding {
    WrappedKey.Binding(
      room: room, epoch: header.epoch, rosterHash: header.keyRosterHash, headN: header.headN,
      headHash: header.headHash, sender: sender, recipient: recipient)
  }

  func senders(_ holders: [Member]) -> [UInt32: EpochKeys.Sender] {
    var senders: [UInt32: EpochKeys.Sender] = [:]
    for holder in holders {
      guard let suite = holder.isSelf ? policy.sframeSuite : holder.bundle?.sframeSuite else { continue }
      senders[holder.joinIndex] = EpochKeys.Sender(id: holder.id, suite: suite)
    }
    return senders
  }

  /// The latest switch to an epoch accepted now.
  func activationLimit(advised: UInt32, at now: MonotonicInstant) -> MonotonicInstant {
    if advised == 0 { return now + Self.ownEpochDelay }
    if let preparation, preparation.epoch == advised { return preparation.deadline }
    return now + policy.deadline
  }

  /// Rate limit of answers to one member: a lost message is repeated, a flood is not answered.
  func isDue(_ last: MonotonicInstant?, at now: MonotonicInstant) -> Bool {
    last.map { now >= $0 + Self.repeatInterval } ?? true
  }

  /// With no `execute` to wait for: time for the commit to reach everybody before frames under it do.
  static let ownEpochDelay = TimeInterval.milliseconds(250)
  static let repeatInterval = TimeInterval.seconds(1)
}

extension EpochKeys {
  /// Whether all who hold this key are among `holders`.
  func isContained(in holders: [Member]) -> Bool {
    let indexes = Set(holders.map(\.joinIndex))
    return senders.keys.allSatisfy { indexes.contains($0) }
  }
}
