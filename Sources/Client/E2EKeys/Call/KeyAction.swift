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
  /// commit was wrapped for; `weakest` is the weakest that carried it, or the key it is ratcheted from, to anybody.
  case epochActive(
    epoch: UInt32, cause: RekeyCause, suites: [String: Int], weakest: KeyAgreementSuite, wasCommitter: Bool)
  /// The epoch in use is no stronger than ML-KEM-768: somebody in the call has nothing better. To be shown to people.
  case fallback(epoch: UInt32, suite: KeyAgreementSuite)
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
  /// How the member wants to be called.
  case profile(MemberID, name: String)
  case chat(MemberID, text: String)
  /// Nobody went by that name before on this device.
  case identityFirstSeen(MemberID, contact: String)
  /// The member has the identity that is pinned under its name.
  case identityConfirmed(MemberID, contact: String)
  /// The member goes by a known name and has another identity than the pinned one, whose fingerprint is `previous`. To be
  /// shown to people: a new device, or somebody else.
  case identityChanged(MemberID, contact: String, previous: [UInt8])
}

package enum MemberRejection: Error, Sendable, Equatable {
  /// The bundle is not in the form of this version.
  case malformed
  /// The bundle is for another room.
  case wrongRoom
  /// The MAC is not made with this call's invite secret.
  case badMAC
  case badSignature
  /// No key agreement suite in common, or all below this member's minimum.
  case noCommonSuite(SuiteOffers)
  /// Its frames would use a suite that this member does not accept.
  case frameSuite

  /// A short name for counters.
  package var label: String {
    switch self {
    case .malformed: "malformed"
    case .wrongRoom: "wrong_room"
    case .badMAC: "bad_mac"
    case .badSignature: "bad_signature"
    case .noCommonSuite: "no_common_suite"
    case .frameSuite: "frame_suite"
    }
  }
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
