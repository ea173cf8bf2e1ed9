package import Signaling
package import WireBytes

/// What the owner of a `CallKeys` has to do next.
package enum KeyAction: Sendable {
  /// Send to the relay as `sealed`.
  case send(SealedToMember)
  /// Tell the relay that this member holds the keys of the epoch it prepares.
  case ready(epoch: UInt32)
  case event(KeyEvent)
}

/// What happened, for people and for counters. Holds no secret.
package enum KeyEvent: Sendable, Equatable {
  /// This member now sends under the epoch. `suites` counts, by name, how the epoch's key reached the members that the
  /// commit was wrapped for.
  case epochActive(epoch: UInt32, cause: RekeyCause, suites: [String: Int], wasCommitter: Bool)
  /// The member's bundle is authentic: it was made by someone who holds the invite.
  case memberAdmitted(MemberID)
  /// The member is in the relay's roster and gets no keys.
  case memberRejected(MemberID, MemberRejection)
  /// Nothing authentic came from the member for `KeyPolicy.silence`.
  case memberSilent(MemberID)
  /// A silent member is heard again.
  case memberHeard(MemberID)
  case memberLeft(MemberID)
  /// The member was shown another room history than this one: the relay lies to one of the two.
  case logMismatch(MemberID)
  /// The relay's own messages contradict each other.
  case relayInconsistent(RelayInconsistency)
  /// This member commits because those before it in rank did not.
  case committerFailover(epoch: UInt32)
  /// A commit was refused.
  case rekeyFailed(epoch: UInt32, RekeyFailure)
  /// A member left and no new key came in time; sealing has stopped.
  case sendingBlocked
  /// The suite agreed with the member.
  case suiteChosen(MemberID, KeyAgreementSuite)
}

package enum MemberRejection: UInt8, Error, Sendable, Equatable, CaseIterable {
  /// The bundle is not in the form of this version.
  case malformed
  /// The bundle is for another room.
  case wrongRoom
  /// The MAC is not made with this call's invite secret.
  case badMAC
  case badSignature
  /// No key agreement suite in common, or all below this member's minimum.
  case noCommonSuite
  /// Its frames would use a suite that this member does not accept.
  case frameSuite
}

package enum RelayInconsistency: UInt8, Sendable, Equatable, CaseIterable {
  /// A log entry does not follow from the head before it.
  case brokenChain
  /// `rekey` names another head or roster than the log has led to.
  case rosterMismatch
  /// `joined` is for another room or member, or its roster is out of order.
  case badRoster
}

package enum RekeyFailure: UInt8, Sendable, Equatable, CaseIterable {
  case malformed
  /// The commit's log head or roster is not the one this member has.
  case rosterMismatch
  /// The commit leaves this member out.
  case excluded
  /// The commit gives keys to a member that has no authentic bundle.
  case unauthenticatedMember
  /// The commit uses a suite below this member's minimum, or not the strongest common one.
  case weakSuite
  case badSignature
  /// The wrapped key does not open, or is not the one that was signed.
  case badWrappedKey
  /// The key is not the one that the commit confirms to everybody.
  case badConfirmation
  /// The epoch this one is ratcheted from is not known here, or had members that are not in the new one.
  case badBase
}
