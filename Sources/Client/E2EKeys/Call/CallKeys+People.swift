package import WireBytes

/// What members tell each other besides keys: names, texts, credentials; and who they are.
extension CallKeys {
  /// The digits that this member and another one see alike if nobody stands between them; nil unless the other's bundle is
  /// authentic.
  package func safetyNumber(with member: MemberID) -> String? {
    guard let other = log?.member(member), !other.isSelf, let bundle = other.bundle else { return nil }
    return SafetyNumber.text(identity.publicKey, bundle.identity, room: room)
  }

  /// Pins the member's identity to its name, in place of any other: a person has decided. False if the member is not
  /// authentic or has no name.
  @discardableResult
  package func trustIdentity(of member: MemberID) -> Bool {
    guard let other = log?.member(member), let bundle = other.bundle, let name = other.name else { return false }
    return pins.trust(contact: name, identity: bundle.identity)
  }

  /// Sends a text to every other member that holds the key in use: who hears may read. Throws `malformed` for an empty or
  /// too long one, else as `seal`.
  package func say(_ text: String, at now: MonotonicInstant) throws(E2EError) {
    guard !isClosed else { throw .closed }
    guard let chat = Chat(text: text) else { throw .malformed }
    guard !isSendingBlocked else { throw .rekeyOverdue }
    guard let sending, let log else { throw .noKey }
    for member in log.members where !member.isSelf && sending.holds(member) && member.isEligible {
      send(.chat(chat), to: member)
    }
    runDue(at: now)
  }

  /// Wraps a credential for one member: see `WrappedCredential`. Throws `noKey` for a member that may get no keys, or
  /// `malformed` for a purpose over 64 bytes.
  package func wrap(_ credential: [UInt8], for member: MemberID, purpose: String) throws(E2EError) -> [UInt8] {
    guard !isClosed else { throw .closed }
    guard let other = log?.member(member), let bundle = other.bundle, let suite = other.suite,
      let keys = other.agreement, !other.isSelf
    else { throw .noKey }
    return try timed(.encapsulate) { () throws(E2EError) in
      try WrappedCredential.wrap(
        credential, suite: suite, to: keys, offers: (sender: offeredBytes, recipient: bundle.offeredBytes),
        binding: WrappedCredential.Binding(
          room: room, sender: bundleHash, recipient: other.bundleHash, purpose: purpose))
    }
  }

  /// Opens what a member wrapped for this one. Throws `noKey`, `malformed` or `authenticationFailed`.
  package func unwrap(_ bytes: [UInt8], from member: MemberID, purpose: String) throws(E2EError) -> [UInt8] {
    guard !isClosed else { throw .closed }
    guard let other = log?.member(member), let bundle = other.bundle, let suite = other.suite, let agreement else {
      throw .noKey
    }
    let binding = WrappedCredential.Binding(
      room: room, sender: other.bundleHash, recipient: bundleHash, purpose: purpose)
    let offers = (sender: bundle.offeredBytes, recipient: offeredBytes)
    return try timed(.decapsulate) { () throws(E2EError) in
      do throws(E2EError) {
        return try WrappedCredential.unwrap(
          bytes, with: agreement, minimumSuite: suite, offers: offers, binding: binding)
      } catch {
        guard let previous = previousAgreement?.keys else { throw error }
        return try WrappedCredential.unwrap(
          bytes, with: previous, minimumSuite: suite, offers: offers, binding: binding)
      }
    }
  }

  /// Tells a member this one's name, once; not one that policy gives no keys.
  func introduce(to member: Member) {
    guard let profile, !member.isSelf, member.isEligible, !member.knowsOwnName else { return }
    member.knowsOwnName = true
    send(.profile(profile), to: member)
  }

  /// Tells it again: the first time was lost with a connection.
  func reintroduce(to member: Member, at now: MonotonicInstant) {
    guard isDue(member.lastIntroduction, at: now) else { return }
    member.lastIntroduction = now
    member.knowsOwnName = false
    introduce(to: member)
  }

  /// A member says how it wants to be called: its identity is held against the one known by that name.
  func identify(_ member: Member, as name: String) {
    guard member.name != name, let bundle = member.bundle else { return }
    member.name = name
    emit(.profile(member.id, name: name))
    switch pins.check(contact: name, identity: bundle.identity) {
    case .firstSeen:
      pins.trust(contact: name, identity: bundle.identity)
      emit(.identityFirstSeen(member.id, contact: name))
    case .same: emit(.identityConfirmed(member.id, contact: name))
    case .changed(let previous): emit(.identityChanged(member.id, contact: name, previous: previous))
    }
  }
}
