import Crypto
package import Signaling
package import WireBytes

extension CallKeys {
  /// A sealed message from another member. Anything that is not authentic is dropped without a trace.
  package func receive(_ message: SealedFromMember, at now: MonotonicInstant) {
    guard !isClosed, let sender = log?.member(message.from), !sender.isSelf else { return }
    if message.body.bytes.first == GroupChannel.version {
      receiveAnnouncement(message.body.bytes, from: sender, at: now)
      return runDue(at: now)
    }
    guard let opened = try? sender.channel?.open(message.body.bytes), let content = SealedMessage(parsing: opened)
    else {
      return
    }
    heard(sender, at: now)
    switch content {
    case .heartbeat(let heartbeat): receive(heartbeat, from: sender, at: now)
    case .commit(let bytes): receiveCommit(bytes, from: sender, at: now)
    case .keyUpdate(let update): receive(update, from: sender)
    case .keyRequest(.epoch): catchUp(sender, at: now)
    case .keyRequest(.keyUpdate): sendKeyUpdate(to: sender, at: now)
    case .keyRequest(.profile): reintroduce(to: sender, at: now)
    case .wrappedKey(let delivery):
      if let commit = inbox.wrappedKey(delivery, from: sender.id) { receiveCommit(commit, from: sender, at: now) }
    case .profile(let profile): identify(sender, as: profile.name)
    case .chat(let chat): emit(.chat(sender.id, text: chat.text))
    }
    runDue(at: now)
  }

  /// The part of a commit that goes to all. It counts as authentic only once its signature is verified, so it is no sign
  /// of life.
  private func receiveAnnouncement(_ sealed: [UInt8], from sender: Member, at now: MonotonicInstant) {
    guard sender.isAuthentic, let pairwiseSecret else { return }
    let key = GroupChannel.key(of: sender.bundleHash, secret: pairwiseSecret)
    guard let bytes = try? GroupChannel.open(sealed, key: key) else { return }
    guard let commit = try? Commit(parsing: bytes), commit.wrapped == nil else {
      emit(.rekeyFailed(epoch: 0, .malformed))
      return
    }
    // Repeated, it must not cost a signature check each time.
    let hash = commit.hash
    guard !epochs.contains(where: { $0.header == commit.header }), !judgedCommits.contains(hash) else { return }
    guard commit.header.entries.contains(where: { $0.joinIndex == ownJoinIndex }) else {
      noteJudged(hash, headN: commit.header.headN)
      return receiveCommit(bytes, from: sender, at: now)
    }
    guard let whole = inbox.announcement(bytes, commitHash: hash, from: sender.id) else { return }
    noteJudged(hash, headN: commit.header.headN)
    receiveCommit(whole, from: sender, at: now)
  }

  /// One whose log position is still to come waits, and is judged then.
  private func noteJudged(_ hash: [UInt8], headN: UInt32) {
    guard headN <= log?.n ?? 0 else { return }
    judgedCommits.append(hash)
    if judgedCommits.count > Self.judgedLimit { judgedCommits.removeFirst() }
  }

  private static let judgedLimit = 64

  private func heard(_ member: Member, at now: MonotonicInstant) {
    member.lastHeard = now
    guard member.silentSince != nil else { return }
    member.silentSince = nil
    member.awaitsReadmission = true
    emit(.memberHeard(member.id))
  }

  private func receive(_ heartbeat: Heartbeat, from sender: Member, at now: MonotonicInstant) {
    guard let log else { return }
    compare(head: (heartbeat.headN, heartbeat.headHash), of: sender, with: log)
    noteLag(behind: sender, at: now)
    // Nobody is ahead by more than a few changes; a wild number would use the key identifiers up.
    let limit = min((newest?.epoch ?? highestHeard) &+ Self.epochWindow, Self.maximumEpoch)
    if sender.isEligible, heartbeat.epoch <= limit {
      highestHeard = max(highestHeard, heartbeat.epoch)
    }
    if let known = sender.agreement, heartbeat.generation > known.generation, isDue(sender.lastUpdateRequest, at: now) {
      sender.lastUpdateRequest = now
      send(.keyRequest(.keyUpdate), to: sender)
    }
    if epochs.contains(where: { $0.epoch == heartbeat.epoch && $0.id == heartbeat.epochID }) {
      sender.unheld = nil
      if heartbeat.epoch >= sending?.epoch ?? 0 { return }
    } else if heartbeat.epoch > 0, heartbeat.epoch >= sending?.epoch ?? 0, now >= joinedAt + Self.transitionGrace {
      noteUnheld(heartbeat, of: sender, at: now)
      requestEpoch(from: sender, at: now)
    }
    // The member sends under another key than this one: the first in rank helps it.
    guard let sending, let activatedAt = sending.activatedAt, now >= activatedAt + Self.transitionGrace else { return }
    let helpers = log.members.filter { $0.joinIndex != sender.joinIndex }
    if sending.holds(sender), heartbeat.epoch <= sending.epoch, rank(in: helpers) == 0 { catchUp(sender, at: now) }
  }

  /// A member goes on under a key that it was asked for in vain: it leaves this member out, or its epoch is of an earlier
  /// log position than this one's. Only an epoch above both brings them together.
  private func noteUnheld(_ heartbeat: Heartbeat, of sender: Member, at now: MonotonicInstant) {
    guard let unheld = sender.unheld, unheld.id == heartbeat.epochID else {
      sender.unheld = (heartbeat.epochID, now)
      return
    }
    guard now >= unheld.since + Self.repeatInterval * 2, strayed?.epoch != heartbeat.epoch,
      heartbeat.epoch <= highestHeard
    else { return }
    strayed = (heartbeat.epoch, now)
    // Until it is clear again that it does not help, one epoch is enough.
    sender.unheld = nil
  }

  /// Asks a member for the key it sends under.
  func requestEpoch(from member: Member, at now: MonotonicInstant) {
    guard isDue(member.lastEpochRequest, at: now) else { return }
    member.lastEpochRequest = now
    send(.keyRequest(.epoch), to: member)
  }

  private func compare(head: (n: UInt32, hash: [UInt8]), of sender: Member, with log: RoomLog) {
    sender.claimedHead = head.n > log.n ? head : nil
    guard head.n <= log.n, let own = log.head(at: head.n), own != head.hash else { return }
    reportMismatch(sender)
  }

  /// The relay sends entries and heartbeats in order: a member that stays ahead is shown entries that are kept from this
  /// one.
  private func noteLag(behind sender: Member, at now: MonotonicInstant) {
    guard sender.claimedHead != nil else { return sender.aheadSince = nil }
    let since = sender.aheadSince ?? now
    sender.aheadSince = since
    if now >= since + policy.deadline { reportMismatch(sender) }
  }

  /// Compares the heads of members that were ahead, now that the log has grown.
  func compareClaimedHeads() {
    guard let log else { return }
    for member in log.members {
      guard let claimed = member.claimedHead, claimed.n <= log.n else { continue }
      compare(head: claimed, of: member, with: log)
    }
  }

  private func reportMismatch(_ member: Member) {
    guard !member.mismatchReported else { return }
    member.mismatchReported = true
    emit(.logMismatch(member.id))
  }

  private func receive(_ update: KeyUpdate, from sender: Member) {
    guard let known = sender.agreement, let bundle = sender.bundle, update.keys.generation > known.generation else {
      return
    }
    let signed = KeyUpdate.signedBytes(update.keys, room: room, bundleHash: sender.bundleHash)
    guard
      timed(
        .verify,
        {
          isValidSignature(
            update.signature, of: signed, context: KeyUpdate.signatureContext, by: bundle.identity)
        }),
      let channelKey, update.keys.isUsable(for: bundle.suites, probe: channelKey)
    else { return }
    sender.agreement = update.keys
  }

  /// Sends this member's agreement keys to one who may not have them.
  func sendKeyUpdate(to member: Member, at now: MonotonicInstant) {
    guard isDue(member.lastUpdateSent, at: now) else { return }
    guard let update = keyUpdate() else { return }
    member.lastUpdateSent = now
    send(.keyUpdate(update), to: member)
  }

  func keyUpdate() -> KeyUpdate? {
    guard let keys = agreement?.publicKeys else { return nil }
    let signed = KeyUpdate.signedBytes(keys, room: room, bundleHash: bundleHash)
    let signature = try? timed(.sign) {
      try identity.signature(of: signed, context: KeyUpdate.signatureContext)
    }
    guard let signature else { return nil }
    return KeyUpdate(keys: keys, signature: signature)
  }

  /// The highest epoch a peer may name: a wild number must not use up the key identifiers.
  static let maximumEpoch: UInt32 = 0xFFFF_0000
  /// How far above the known epochs a member's may be.
  static let epochWindow: UInt32 = 1_024
  /// The highest that the relay may name: the numbers above are for what members do without it.
  static let maximumAdvice: UInt32 = 0x7FFF_FFFF
  /// After a switch, members are on different epochs for a moment; only later is it a sign of something missed.
  static let transitionGrace = TimeInterval.seconds(1)
}
