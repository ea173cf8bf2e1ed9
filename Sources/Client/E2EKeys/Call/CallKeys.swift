import Crypto
package import Signaling
package import WireBytes

/// The end-to-end keys of one member of one call: who is in the call, under which key to seal, which keys open.
///
/// Sans-IO and confined to one queue. Feed it the relay's `joined`, `membership`, `rekey` and `sealed` in the order they
/// come, and the time; after each call drain `takeActions()`, and call `expire(at:)` no later than `nextDeadline`.
/// The relay's messages are advice: what it says about membership is checked against the log's hash chain and against
/// what the other members saw, and no key follows from anything it sends.
///
/// The files named `CallKeys+…` hold its parts: membership, committing, receiving, activation, timers.
package final class CallKeys {
  /// The relay's preparation of an epoch that nobody has committed yet.
  struct Preparation {
    let epoch: UInt32
    let cause: RekeyCause
    let headN: UInt32
    let at: MonotonicInstant
    let deadline: MonotonicInstant
  }

  /// A leave that the epoch in use does not reflect yet.
  struct PendingLeave {
    let n: UInt32
    let learnedAt: MonotonicInstant
  }

  /// A member that left after the position of the epoch in use: a key that it holds may still be on its way.
  struct Departure {
    let joinIndex: UInt32
    let leave: PendingLeave
  }

  package let room: RoomID
  /// This member's identifier in the call: it names the bundle.
  package let member: MemberID
  /// The key bundle for `join`.
  package let bundle: Blob

  let policy: KeyPolicy
  /// What the policy allowed when the call began; it is in the bundle.
  let offered: [KeyAgreementSuite]
  let profile: Profile?
  let random: RandomSource
  let stopwatch: Stopwatch
  let identity: MemberIdentity
  let bundleHash: [UInt8]
  // Optional so that `close` can release them, which wipes them.
  var admissionKey: SymmetricKey?
  var pairwiseSecret: SymmetricKey?
  var channelKey: Curve25519.KeyAgreement.PrivateKey?
  var agreement: AgreementPrivateKeys?
  var previousAgreement: (keys: AgreementPrivateKeys, eraseAt: MonotonicInstant)?

  var log: RoomLog?
  var ownJoinIndex: UInt32 = 0
  var joinedAt = MonotonicInstant.never
  /// All epochs whose keys are held: pending, in use and, for a while, past.
  var epochs: [EpochKeys] = []
  var sending: EpochKeys?
  var preparation: Preparation?
  /// By the time they were learned.
  var pendingLeaves: [PendingLeave] = []
  var departures: [Departure] = []
  /// Identifiers of keys that are erased, the newest last: see `install`.
  var erasedKeys: [[UInt8]] = []
  var budget = RekeyBudget()
  /// The relay's highest executed epoch.
  var executedAdvice: UInt32 = 0
  /// The relay's highest epoch for which a key is held.
  var answeredAdvice: UInt32 = 0
  /// The highest epoch that an authentic heartbeat named.
  var highestHeard: UInt32 = 0
  /// An epoch that another member goes on under and that is not to be had, and when that was clear.
  var strayed: (epoch: UInt32, at: MonotonicInstant)?
  /// Commits of which a part is still missing.
  var inbox = CommitInbox()
  /// Commits for log positions that the relay has not shown yet.
  var stash: [(from: MemberID, bytes: [UInt8])] = []
  /// Hashes of announcements that were taken or refused, the newest last.
  var judgedCommits: [[UInt8]] = []
  var nextGroupSequence: UInt64 = 0
  var isSendingBlocked = false

  var heartbeatAt = MonotonicInstant.never
  var silenceCheckAt = MonotonicInstant.never
  var rotateAt = MonotonicInstant.never
  var retryCommitAt = MonotonicInstant(nanoseconds: 0)
  var mayRequestKeyAt = MonotonicInstant(nanoseconds: 0)
  var hasRefusedFallback = false
  var actions: [KeyAction] = []

  /// The identities that this device knows, by name. The application keeps them from one call to the next.
  package internal(set) var pins: IdentityPins
  package internal(set) var metrics = KeyMetrics()
  /// When `expire(at:)` is next due.
  package internal(set) var nextDeadline = MonotonicInstant.never
  package internal(set) var isClosed = false

  /// Makes a fresh bundle and its keys. `displayName` goes to the other members only. Throws `noSuite` if the policy
  /// leaves none, `malformed` for a name that is no `Profile`, `internalFailure`.
  package init(
    invite: InviteSecret, identity: MemberIdentity, policy: KeyPolicy, displayName: String? = nil,
    pins: IdentityPins = IdentityPins(), stopwatch: Stopwatch = .stopped, random: RandomSource, at now: MonotonicInstant
  ) throws(E2EError) {
    let floor = policy.floor(at: now)
    let offered = policy.offered.filter { $0 >= floor }
    guard !offered.isEmpty else { throw .noSuite }
    profile = displayName.flatMap { Profile(name: $0) }
    guard displayName == nil || profile != nil else { throw .malformed }
    let admissionKey = invite.admissionKey
    let channelKey = Curve25519.KeyAgreement.PrivateKey()
    var metrics = KeyMetrics()
    let agreement = try metrics.timed(.generateKeys, stopwatch) { () throws(E2EError) in
      try AgreementPrivateKeys(generation: 0, suites: offered)
    }
    room = invite.room
    let contents = KeyBundle.Contents(
      room: room, nonce: random.bytes(KeyBundle.nonceLength), offered: offered.map(\.rawValue),
      sframeSuite: policy.sframeSuite, channelKey: [UInt8](channelKey.publicKey.rawRepresentation),
      agreement: agreement.publicKeys)
    let bundle = try metrics.timed(.sign, stopwatch) { () throws(E2EError) in
      try contents.sealed(by: identity, admissionKey: admissionKey)
    }
    self.bundle = Blob(bundle)
    bundleHash = sha3(bundle)
    member = MemberID(bundleHash: bundleHash)
    self.policy = policy
    self.offered = offered
    self.random = random
    self.stopwatch = stopwatch
    self.identity = identity
    self.pins = pins
    self.metrics = metrics
    self.admissionKey = admissionKey
    pairwiseSecret = invite.pairwiseSecret
    self.channelKey = channelKey
    self.agreement = agreement
  }

  /// Whether there is something to do.
  package var hasActions: Bool { !actions.isEmpty }

  /// What to do, in order; empties the list. Drain after every call.
  package func takeActions() -> [KeyAction] {
    defer { actions = [] }
    return actions
  }

  /// The epoch that frames are sealed under; nil before the first, while sealing is blocked and after `close`.
  package var sendingEpoch: UInt32? { isSendingBlocked ? nil : sending?.epoch }

  /// The highest epoch whose key is held, in use or not yet; nil without one.
  package var highestEpoch: UInt32? { epochs.lazy.map(\.epoch).max() }

  /// The weakest suite that carried the key in use, or one that it is ratcheted from, to anybody; nil without a key.
  package var weakestSuite: KeyAgreementSuite? { sending?.header.weakest }

  /// Members in log order that hold the key of the epoch in use, this one included.
  package var keyHolders: [MemberID] {
    guard let sending, let log else { return [] }
    return log.members.filter { sending.holds($0) }.map(\.id)
  }

  /// Ends the call: releases every secret, which wipes it. Nothing works afterwards.
  package func close() {
    isClosed = true
    admissionKey = nil
    pairwiseSecret = nil
    channelKey = nil
    agreement = nil
    previousAgreement = nil
    for member in log?.members ?? [] { member.channel = nil }
    log = nil
    epochs = []
    sending = nil
    preparation = nil
    pendingLeaves = []
    departures = []
    stash = []
    inbox = CommitInbox()
    actions = []
    nextDeadline = .never
    overwriteFreedMemory()
  }

  /// The epoch that the next one builds on.
  var newest: EpochKeys? {
    epochs.filter { $0.retireAt == .never }.max { $1.isBetter(than: $0) }
  }

  func emit(_ event: KeyEvent) { actions.append(.event(event)) }

  /// Sends a message under the pairwise channel; nothing to a member without one.
  func send(_ message: SealedMessage, to member: Member) {
    guard let body = try? member.channel?.seal(message.bytes) else { return }
    send(body, to: member.id)
  }

  /// Sends a commit's announcement to all members at once.
  func sendToAll(announcement: [UInt8]) {
    guard let pairwiseSecret else { return }
    let key = GroupChannel.key(of: bundleHash, secret: pairwiseSecret)
    guard let body = try? GroupChannel.seal(announcement, sequence: nextGroupSequence, key: key) else { return }
    nextGroupSequence += 1
    send(body, to: nil)
  }

  private func send(_ body: [UInt8], to member: MemberID?) {
    metrics.messagesSent &+= 1
    metrics.bytesSent &+= UInt64(body.count)
    actions.append(.send(SealedToMember(to: member, body: Blob(body))))
  }

  /// Measures a post-quantum operation.
  func timed<Result, Failure: Error>(
    _ operation: KeyOperation, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try metrics.timed(operation, stopwatch, body)
  }
}
