import Crypto
import Signaling
import WireBytes

/// The room as the operator shows it to one member: a membership log of its own, with a hash chain that holds.
///
/// It starts as what the real relay tells the member, less what it hides, and follows the real log from there.
struct RoomView {
  /// Members who are never shown.
  var hidden: Set<MemberID> = []
  /// Members whose leaving is never shown.
  var immortal: Set<MemberID> = []
  /// Bundles that are shown in place of the real ones, by the real member.
  var substitutes: [MemberID: Blob] = [:]
  /// Set to keep back every entry from now on.
  var isFrozen = false

  private(set) var room: RoomID?
  private(set) var head = LogHead(n: 0, hash: MembershipEntry.genesis)
  private(set) var roster: [RosterMember] = [] {
    didSet { rosterHash = hashRoster() }
  }
  private var rosterHash = MembershipEntry.genesis

  /// The message as the member gets it; nil when it gets none.
  mutating func rewrite(_ message: RelayMessage) -> RelayMessage? {
    switch message {
    case .joined(let joined): return .joined(start(joined))
    case .membership(let change): return follow(change).map { .membership($0) }
    case .rekey(var rekey):
      (rekey.head, rekey.rosterHash) = (head, rosterHash)
      return .rekey(rekey)
    case .sealed(var sealed):
      guard !hidden.contains(sealed.from) else { return nil }
      sealed.from = shown(sealed.from)
      return .sealed(sealed)
    default: return message
    }
  }

  /// The identifier under which a member is shown.
  func shown(_ real: MemberID) -> MemberID {
    substitutes[real].map { MemberID(bundleHash: sha3($0.bytes)) } ?? real
  }

  /// The real member behind a shown identifier.
  func real(_ shown: MemberID) -> MemberID {
    substitutes.first { MemberID(bundleHash: sha3($0.value.bytes)) == shown }?.key ?? shown
  }

  /// An entry of the operator's own: a join with a bundle, or a leave.
  mutating func invent(joinOf bundle: Blob) -> RelayMessage {
    let hash = sha3(bundle.bytes)
    return .membership(append(.join, MemberID(bundleHash: hash), hash, .joined, bundle: bundle))
  }

  mutating func invent(leaveOf member: MemberID, cause: MembershipCause = .left) -> RelayMessage? {
    guard let item = roster.first(where: { $0.member == member }) else { return nil }
    return .membership(append(.leave, member, sha3(item.bundle.bytes), cause, bundle: nil))
  }

  /// Advice that agrees with this view.
  func advice(_ phase: Rekey.Phase, epoch: UInt32, cause: RekeyCause) -> RelayMessage {
    .rekey(
      Rekey(
        epoch: epoch, phase: phase, cause: cause, changes: [], head: head, rosterHash: rosterHash,
        deadlineMs: phase == .prepare ? 2_000 : 0))
  }

  private func hashRoster() -> Blob {
    guard let room else { return MembershipEntry.genesis }
    let items = roster.map {
      RosterEncoding.Item(joinIndex: $0.joinIndex, member: $0.member, bundleHash: sha3($0.bundle.bytes))
    }
    return Blob(sha3(RosterEncoding.hashedBytes(room: room, items: items)))
  }

  /// What the joining member is told. It cannot recompute the head of a log whose entries it has not seen.
  private mutating func start(_ joined: Joined) -> Joined {
    var joined = joined
    room = joined.room
    joined.roster = joined.roster.filter { !hidden.contains($0.member) }.map { item in
      substitutes[item.member].map {
        RosterMember(joinIndex: item.joinIndex, member: shown(item.member), bundle: $0)
      } ?? item
    }
    (roster, head) = (joined.roster, joined.head)
    return joined
  }

  private mutating func follow(_ change: MembershipChange) -> MembershipChange? {
    let entry = change.entry
    guard !isFrozen, !hidden.contains(entry.member) else { return nil }
    switch entry.kind {
    case .join:
      let bundle = substitutes[entry.member] ?? change.bundle
      return append(
        .join, shown(entry.member), bundle.map { sha3($0.bytes) } ?? entry.bundleHash.bytes, entry.cause, bundle: bundle
      )
    case .leave:
      guard !immortal.contains(entry.member) else { return nil }
      let member = shown(entry.member)
      guard let item = roster.first(where: { $0.member == member }) else { return nil }
      return append(.leave, member, sha3(item.bundle.bytes), entry.cause, bundle: nil)
    }
  }

  private mutating func append(
    _ kind: MembershipEntry.Kind, _ member: MemberID, _ bundleHash: [UInt8], _ cause: MembershipCause, bundle: Blob?
  ) -> MembershipChange {
    let entry = MembershipEntry(
      n: head.n + 1, kind: kind, member: member, bundleHash: Blob(bundleHash), cause: cause, previous: head.hash)
    if let room { head = LogHead(n: entry.n, hash: Blob(sha3(entry.hashedBytes(room: room)))) }
    if let bundle {
      roster.append(RosterMember(joinIndex: entry.n, member: member, bundle: bundle))
    } else {
      roster.removeAll { $0.member == member }
    }
    return MembershipChange(entry: entry, bundle: bundle)
  }
}

func sha3(_ bytes: [UInt8]) -> [UInt8] { Array(SHA3_256.hash(data: bytes)) }
