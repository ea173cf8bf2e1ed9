package import Signaling
package import WireBytes

extension CallKeys {
  /// The relay admitted this member, or took it back after a loss of connection.
  package func joined(_ joined: Joined, at now: MonotonicInstant) {
    guard !isClosed else { return }
    guard joined.room == room, joined.member == member, joined.head.n >= log?.n ?? 0,
      let members = roster(joined, at: now)
    else {
      emit(.relayInconsistent(.badRoster))
      return
    }
    ownJoinIndex = members.first { $0.isSelf }?.joinIndex ?? 0
    if var log {
      let remaining = Set(members.map(\.joinIndex))
      for departed in log.members where !remaining.contains(departed.joinIndex) {
        noteLeave(of: departed, n: joined.head.n, at: now)
      }
      log.jump(n: joined.head.n, headHash: joined.head.hash.bytes, members: members)
      self.log = log
      for member in members {
        creditSilence(of: member, at: now)
        if !member.isSelf, member.name == nil { send(.keyRequest(.profile), to: member) }
      }
    } else {
      log = RoomLog(room: room, n: joined.head.n, headHash: joined.head.hash.bytes, members: members)
      joinedAt = now
      // A random first beat spreads those of members who joined together.
      let spread = UInt64(random.u16()) * policy.heartbeat.nanoseconds / 65_536
      heartbeatAt = now + TimeInterval(nanoseconds: policy.heartbeat.nanoseconds / 10 + spread * 9 / 10)
    }
    for member in members { introduce(to: member) }
    silenceCheckAt = min(silenceCheckAt, now + policy.silence)
    processStash(at: now)
    runDue(at: now)
  }

  /// A new log entry.
  package func membershipChanged(_ change: MembershipChange, at now: MonotonicInstant) {
    guard !isClosed, var log, change.entry.n > log.n else { return }
    guard log.accepts(change.entry) else {
      emit(.relayInconsistent(.brokenChain))
      return
    }
    switch change.entry.kind {
    case .join:
      guard let bundle = change.bundle, sha3(bundle.bytes) == change.entry.bundleHash.bytes else {
        emit(.relayInconsistent(.brokenChain))
        return
      }
      let joining = admit(joinIndex: change.entry.n, id: change.entry.member, bundle: bundle.bytes, at: now)
      log.append(change.entry, joining: joining)
      self.log = log
      silenceCheckAt = min(silenceCheckAt, now + policy.silence)
      introduce(to: joining)
      if let agreement, agreement.publicKeys.generation > 0 { sendKeyUpdate(to: joining, at: now) }
    case .leave:
      let departed = log.member(change.entry.member)
      log.append(change.entry, joining: nil)
      self.log = log
      if let departed { noteLeave(of: departed, n: change.entry.n, at: now) }
    }
    compareClaimedHeads()
    processStash(at: now)
    runDue(at: now)
  }

  /// The members that `joined` lists, those known already taken over; nil if the list contradicts itself.
  private func roster(_ joined: Joined, at now: MonotonicInstant) -> [Member]? {
    guard joined.head.hash.bytes.count == 32, joined.roster.count <= RoomLog.maximumMembers else { return nil }
    var members: [Member] = []
    for item in joined.roster {
      guard item.joinIndex > members.last?.joinIndex ?? 0, item.joinIndex <= KeyIdentifier.maximumJoinIndex,
        item.joinIndex <= joined.head.n
      else { return nil }
      let hash = sha3(item.bundle.bytes)
      guard MemberID(bundleHash: hash) == item.member, log?.hasLeft(item.member) != true else { return nil }
      if let known = log?.member(item.member) {
        guard known.joinIndex == item.joinIndex else { return nil }
        members.append(known)
      } else {
        members.append(admit(joinIndex: item.joinIndex, id: item.member, bundle: item.bundle.bytes, at: now))
      }
    }
    return members.contains { $0.isSelf } ? members : nil
  }

  /// Verifies a bundle and makes the member, admitted or not.
  private func admit(joinIndex: UInt32, id: MemberID, bundle bytes: [UInt8], at now: MonotonicInstant) -> Member {
    let hash = sha3(bytes)
    func make(_ bundle: KeyBundle?, _ suite: KeyAgreementSuite?, _ channel: PairwiseChannel?) -> Member {
      Member(
        joinIndex: joinIndex, id: id, bundleHash: hash, isSelf: id == member, bundle: bundle, suite: suite,
        channel: channel, at: now)
    }
    guard let admissionKey, let pairwiseSecret, let channelKey else { return make(nil, nil, nil) }
    do throws(MemberRejection) {
      let bundle = try timed(.verify) { () throws(MemberRejection) in
        try KeyBundle(verifying: bytes, room: room, admissionKey: admissionKey)
      }
      if id == member { return make(bundle, offered.first, nil) }
      let channel = PairwiseChannel(
        own: channelKey, ownBundleHash: bundleHash, peerKey: bundle.channelKey, peerBundleHash: hash,
        salt: pairwiseSecret)
      guard let channel, bundle.agreement.isUsable(for: bundle.suites, probe: channelKey) else { throw .malformed }
      guard policy.acceptedFrameSuites.contains(bundle.sframeSuite) else { throw .frameSuite }
      guard let suite = KeyAgreementSuite.strongest(offered, bundle.suites), suite >= policy.floor(at: now) else {
        // It holds the invite, so it is heard; this member gives it no keys.
        emit(.memberRejected(id, .noCommonSuite(SuiteOffers(own: offered, theirs: bundle.offeredBytes))))
        return make(bundle, nil, channel)
      }
      emit(.memberAdmitted(id))
      emit(.suiteChosen(id, suite))
      return make(bundle, suite, channel)
    } catch {
      emit(.memberRejected(id, error))
      return make(nil, nil, nil)
    }
  }

  /// The silence may have been this member's own. Once only, until the other is heard again: resumptions are the relay's
  /// to bring about, and must not keep one alive who has left.
  private func creditSilence(of member: Member, at now: MonotonicInstant) {
    guard member.creditedAt.map({ member.lastHeard > $0 }) ?? true else { return }
    member.lastHeard = now
    member.creditedAt = now
  }

  private func noteLeave(of departed: Member, n: UInt32, at now: MonotonicInstant) {
    departed.channel = nil
    let leave = PendingLeave(n: n, learnedAt: now)
    // A member that was never authentic holds no key.
    if departed.isAuthentic { departures.append(Departure(joinIndex: departed.joinIndex, leave: leave)) }
    if epochs.contains(where: { $0.holds(departed) }) { pendingLeaves.append(leave) }
    emit(.memberLeft(departed.id))
  }
}
