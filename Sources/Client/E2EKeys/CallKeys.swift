import Crypto
import SFrame
package import Signaling
package import WireBytes

/// A frame that was opened, and who sealed it. The epoch's keys say so, not the relay.
package struct OpenedFrame: Sendable, Equatable {
  package let member: MemberID
  package let stream: MediaStream
  package let epoch: UInt32
  package let counter: UInt64
  package let plaintext: [UInt8]
}

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

  package let room: RoomID
  /// This member's identifier in the call: it names the bundle.
  package let member: MemberID
  /// The key bundle for `join`.
  package let bundle: Blob

  let policy: KeyPolicy
  let random: RandomSource
  let identity: MemberIdentity
  let bundleHash: [UInt8]
  // Optional so that `close` can release them, which wipes them.
  var admissionKey: SymmetricKey?
  var pairwiseSalt: SymmetricKey?
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
  var pendingLeaves: [PendingLeave] = []
  /// The relay's highest executed epoch.
  var executedAdvice: UInt32 = 0
  /// The relay's highest epoch for which a key is held.
  var answeredAdvice: UInt32 = 0
  /// The highest epoch that an authentic heartbeat named.
  var highestHeard: UInt32 = 0
  /// Commits for log positions that the relay has not shown yet.
  var stash: [(from: MemberID, bytes: [UInt8])] = []
  var isSendingBlocked = false

  var heartbeatAt = MonotonicInstant.never
  var silenceCheckAt = MonotonicInstant.never
  var rotateAt = MonotonicInstant.never
  var retryCommitAt = MonotonicInstant(nanoseconds: 0)
  var actions: [KeyAction] = []

  /// When `expire(at:)` is next due.
  package internal(set) var nextDeadline = MonotonicInstant.never
  package internal(set) var isClosed = false

  /// Makes a fresh bundle and its keys. Throws `internalFailure`.
  package init(
    invite: InviteSecret, identity: MemberIdentity, policy: KeyPolicy, random: RandomSource, at now: MonotonicInstant
  ) throws(E2EError) {
    let admissionKey = invite.admissionKey
    let channelKey = Curve25519.KeyAgreement.PrivateKey()
    let agreement = try AgreementPrivateKeys(generation: 0)
    room = invite.room
    let bundle = try KeyBundle.make(
      room: room, nonce: random.bytes(KeyBundle.nonceLength), policy: policy,
      channelKey: [UInt8](channelKey.publicKey.rawRepresentation), agreement: agreement.publicKeys,
      identity: identity, admissionKey: admissionKey)
    self.bundle = Blob(bundle)
    bundleHash = sha3(bundle)
    member = MemberID(bundleHash: bundleHash)
    self.policy = policy
    self.random = random
    self.identity = identity
    self.admissionKey = admissionKey
    pairwiseSalt = invite.pairwiseSalt
    self.channelKey = channelKey
    self.agreement = agreement
  }

  /// What to do, in order; empties the list. Drain after every call.
  package func takeActions() -> [KeyAction] {
    defer { actions = [] }
    return actions
  }

  /// The epoch that frames are sealed under; nil before the first, while sealing is blocked and after `close`.
  package var sendingEpoch: UInt32? { isSendingBlocked ? nil : sending?.epoch }

  /// The ML-DSA-65 public key of a member, for safety numbers; nil unless its bundle is authentic.
  package func identityKey(of member: MemberID) -> [UInt8]? { log?.member(member)?.bundle?.identity }

  /// Members in log order that hold the key of the epoch in use, this one included.
  package var keyHolders: [MemberID] {
    guard let sending, let log else { return [] }
    return log.members.filter { sending.holds($0) }.map(\.id)
  }

  /// Seals one frame under the epoch in use. Throws `noKey`, `rekeyOverdue`, `closed` or `counterExhausted`.
  package func seal(_ frame: [UInt8], stream: MediaStream) throws(E2EError) -> [UInt8] {
    guard !isClosed else { throw .closed }
    guard !isSendingBlocked else { throw .rekeyOverdue }
    guard let sending else { throw .noKey }
    return try sending.seal(frame, from: ownJoinIndex, stream: stream)
  }

  /// Opens one frame by its key identifier alone. Throws `malformed`, `unknownKey`, `departedKey`, `replayed`,
  /// `authenticationFailed` or `closed`.
  package func open(_ sealed: [UInt8], at now: MonotonicInstant) throws(E2EError) -> OpenedFrame {
    guard !isClosed else { throw .closed }
    let header: SFrameHeader
    do { header = try SFrameHeader(parsing: sealed.span) } catch { throw .malformed }
    let identifier = KeyIdentifier(kid: header.kid)
    guard let stream = MediaStream(rawValue: identifier.stream) else { throw .malformed }
    guard identifier.joinIndex != ownJoinIndex else { throw .unknownKey }
    // Several keys for one epoch are rivals of a race: rare and few, so each is tried.
    var failure = E2EError.unknownKey
    for epoch in epochs where epoch.epoch == identifier.epoch && epoch.retireAt > now {
      guard let sender = epoch.senders[identifier.joinIndex] else { continue }
      guard log?.member(sender.id) != nil else { throw .departedKey }
      do {
        let plaintext = try epoch.open(sealed, header: header, joinIndex: identifier.joinIndex)
        return OpenedFrame(
          member: sender.id, stream: stream, epoch: epoch.epoch, counter: header.ctr, plaintext: plaintext)
      } catch {
        if error == .replayed { throw error }
        failure = error
      }
    }
    throw failure
  }

  /// Ends the call: releases every secret, which wipes it. Nothing works afterwards.
  package func close() {
    isClosed = true
    admissionKey = nil
    pairwiseSalt = nil
    channelKey = nil
    agreement = nil
    previousAgreement = nil
    for member in log?.members ?? [] { member.channel = nil }
    log = nil
    epochs = []
    sending = nil
    preparation = nil
    pendingLeaves = []
    stash = []
    actions = []
    nextDeadline = .never
  }

  /// The epoch that the next one builds on.
  var newest: EpochKeys? {
    epochs.filter { $0.retireAt == .never }.max { $1.isBetter(than: $0) }
  }

  func emit(_ event: KeyEvent) { actions.append(.event(event)) }

  /// Sends a message under the pairwise channel; nothing to a member without one.
  func send(_ message: SealedMessage, to member: Member) {
    guard let body = try? member.channel?.seal(message.bytes) else { return }
    actions.append(.send(SealedToMember(to: member.id, body: Blob(body))))
  }
}
