import Crypto
import SFrame
import Signaling
import WireBytes

/// One epoch's key and all that follows from it. Everything in here is wiped when the last reference goes.
///
/// `base_key = HKDF-SHA512(epoch key, "sframe" | member id (16) | epoch (4))`, 32 bytes, is a sender's SFrame base key;
/// RFC 9605 derives a key and a salt from it for each key identifier.
final class EpochKeys {
  static let identifierLength = 16

  struct Sender {
    let id: MemberID
    let suite: SFrameCipherSuite
  }

  private struct Opener {
    let key: SFrameKey
    var window = ReplayWindow()
  }

  private struct Sealer {
    let key: SFrameKey
    var nextCounter: UInt64 = 0
  }

  /// The commit's header; for a catch-up the same facts as in the commit it repeats.
  let header: Commit.Header
  let key: SymmetricKey
  /// Names the key without giving it away: two members who send under the same epoch and key have the same one.
  let id: [UInt8]
  /// Who holds the key, by join index.
  let senders: [UInt32: Sender]
  /// When this member heard that the epoch is being prepared.
  let begunAt: MonotonicInstant
  let acceptedAt: MonotonicInstant
  /// When the last fresh key that this one follows from was accepted: ratchets make no key younger.
  var renewedAt: MonotonicInstant
  let isOwn: Bool
  /// When this member switches even if the relay does not say so.
  let activateBy: MonotonicInstant
  var activatedAt: MonotonicInstant?
  /// When the key is erased; `never` until a better epoch is active.
  var retireAt = MonotonicInstant.never

  private var openers: [UInt64: Opener] = [:]
  private var sealers: [MediaStream: Sealer] = [:]

  init(
    header: Commit.Header, key: SymmetricKey, senders: [UInt32: Sender], isOwn: Bool, begunAt: MonotonicInstant,
    at now: MonotonicInstant, activateBy: MonotonicInstant
  ) {
    self.header = header
    self.key = key
    self.senders = senders
    self.isOwn = isOwn
    self.begunAt = begunAt
    acceptedAt = now
    renewedAt = now
    self.activateBy = activateBy
    id = Self.identifier(key, epoch: header.epoch)
  }

  var epoch: UInt32 { header.epoch }

  /// The order of epochs, the same on all members: the later epoch, then the later log position, then the committer of
  /// lower rank.
  func isBetter(than other: EpochKeys) -> Bool {
    if epoch != other.epoch { return epoch > other.epoch }
    if header.headN != other.header.headN { return header.headN > other.header.headN }
    return header.origin < other.header.origin
  }

  func holds(_ member: Member) -> Bool { senders[member.joinIndex]?.id == member.id }

  func seal(_ frame: [UInt8], from joinIndex: UInt32, stream: MediaStream) throws(E2EError) -> [UInt8] {
    if sealers[stream] == nil {
      let kid = KeyIdentifier(epoch: epoch, joinIndex: joinIndex, stream: stream.rawValue).kid
      guard let key = frameKey(kid: kid, joinIndex: joinIndex) else { throw .noKey }
      sealers[stream] = Sealer(key: key)
    }
    guard let sealer = sealers[stream] else { throw .noKey }
    guard sealer.nextCounter < .max else { throw .counterExhausted }
    sealers[stream]?.nextCounter += 1
    do { return try sealer.key.seal(plaintext: frame, ctr: sealer.nextCounter) } catch { throw .internalFailure }
  }

  /// Opens a frame of one of the epoch's members. State changes only for an authentic frame.
  func open(_ sealed: [UInt8], header frame: SFrameHeader, joinIndex: UInt32) throws(E2EError) -> [UInt8] {
    let known = openers[frame.kid]
    if let known, !known.window.isFresh(frame.ctr) { throw .replayed }
    guard let key = known?.key ?? frameKey(kid: frame.kid, joinIndex: joinIndex) else { throw .unknownKey }
    let plaintext: [UInt8]
    do { plaintext = try key.open(sealed, header: frame) } catch {
      throw error == .truncated ? .malformed : .authenticationFailed
    }
    openers[frame.kid, default: Opener(key: key)].window.record(frame.ctr)
    return plaintext
  }

  private func frameKey(kid: UInt64, joinIndex: UInt32) -> SFrameKey? {
    guard let sender = senders[joinIndex] else { return nil }
    var context = sender.id.bytes
    context.append(u32: epoch)
    return SFrameKey(suite: sender.suite, kid: kid, baseKey: key.derived("sframe", context))
  }

  /// The next key when members only joined: old keys do not follow from new ones.
  func ratcheted(keyRosterHash: [UInt8]) -> SymmetricKey { key.derived("ratchet", keyRosterHash) }

  static func identifier(_ key: SymmetricKey, epoch: UInt32) -> [UInt8] {
    var context = [UInt8]()
    context.append(u32: epoch)
    return key.derived("epoch id", context, count: identifierLength).publicBytes
  }

  /// `HKDF-SHA512(epoch key, "confirm" | epoch (4) | log head (32) | key roster hash (32))`, 32 bytes.
  static func confirmation(
    _ key: SymmetricKey, epoch: UInt32, headHash: [UInt8], keyRosterHash: [UInt8]
  ) -> [UInt8] {
    var context = [UInt8]()
    context.append(u32: epoch)
    return key.derived("confirm", context + headHash + keyRosterHash).publicBytes
  }
}
