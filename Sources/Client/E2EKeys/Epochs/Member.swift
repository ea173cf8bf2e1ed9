import Signaling
import WireBytes

/// What is known of one member of the call; for the owner itself, `isSelf`.
final class Member {
  let joinIndex: UInt32
  let id: MemberID
  let bundleHash: [UInt8]
  let isSelf: Bool
  /// The verified bundle; nil when it was refused. Then the member gets no keys.
  let bundle: KeyBundle?
  /// The strongest suite in common; nil when there is none, or none that is strong enough (any more).
  var suite: KeyAgreementSuite?
  var channel: PairwiseChannel?
  /// How the member wants to be called, once it said so.
  var name: String?
  /// The newest agreement keys; the bundle's at first.
  var agreement: AgreementPublicKeys?

  let admittedAt: MonotonicInstant
  var lastHeard: MonotonicInstant
  /// When its silence was last forgiven, for a loss of this member's own connection.
  var creditedAt: MonotonicInstant?
  /// Set while nothing authentic was heard for `KeyPolicy.silence`.
  var silentSince: MonotonicInstant?
  /// Was silent and is heard again, and is not in an epoch yet.
  var awaitsReadmission = false
  /// The log position that the member's last heartbeat named, if it was ahead of ours.
  var claimedHead: (n: UInt32, hash: [UInt8])?
  /// Since when it is ahead.
  var aheadSince: MonotonicInstant?
  /// The key that its heartbeats name and that is not held here, and since when.
  var unheld: (id: [UInt8], since: MonotonicInstant)?
  var mismatchReported = false
  var lastCatchUp: MonotonicInstant?
  var lastEpochRequest: MonotonicInstant?
  var lastUpdateRequest: MonotonicInstant?
  var lastUpdateSent: MonotonicInstant?
  var lastIntroduction: MonotonicInstant?
  /// Whether it was told this member's own name.
  var knowsOwnName = false

  init(
    joinIndex: UInt32, id: MemberID, bundleHash: [UInt8], isSelf: Bool, bundle: KeyBundle?, suite: KeyAgreementSuite?,
    channel: PairwiseChannel?, at now: MonotonicInstant
  ) {
    self.joinIndex = joinIndex
    self.id = id
    self.bundleHash = bundleHash
    self.isSelf = isSelf
    self.bundle = bundle
    self.suite = suite
    self.channel = channel
    agreement = bundle?.agreement
    admittedAt = now
    lastHeard = now
  }

  /// Whether the member showed that it holds the invite.
  var isAuthentic: Bool { bundle != nil }

  /// Whether this member would put it into an epoch.
  var isEligible: Bool { isSelf || (isAuthentic && suite != nil && silentSince == nil) }

  var rosterItem: RosterEncoding.Item {
    RosterEncoding.Item(joinIndex: joinIndex, member: id, bundleHash: bundleHash)
  }
}
