package import Signaling
package import WireBytes

/// A room's membership log: who came and went, in a hash chain that clients recompute (DESIGN section 5).
///
/// The log holds the present roster and the head. Past entries are not kept: they were sent to everyone who was there,
/// and the head stands for all of them.
package struct MembershipLog: Sendable {
  /// SHA3-256: 32 bytes out. Injected, so that this module needs no cryptography.
  package typealias Hash = @Sendable ([UInt8]) -> [UInt8]

  package let room: RoomID
  /// Position and hash of the last entry; position 0 and 32 zero bytes before the first.
  package private(set) var head = LogHead(n: 0, hash: MembershipEntry.genesis)
  /// The present members in log order, that is by ascending join index.
  package private(set) var members: [RosterMember] = []
  /// What the roster hash is taken over; parallel to `members`.
  private var items: [RosterEncoding.Item] = []
  private let hash: Hash

  package init(room: RoomID, hash: @escaping Hash) {
    self.room = room
    self.hash = hash
  }

  /// The identifier that a member with this key bundle has: the first 16 bytes of the bundle's hash.
  package static func memberID(bundle: Blob, hash: Hash) -> MemberID { MemberID(bundleHash: hash(bundle.bytes)) }

  package func contains(_ member: MemberID) -> Bool { items.contains { $0.member == member } }

  /// The present member with this join index.
  package func member(joinIndex: UInt32) -> MemberID? {
    var (low, high) = (0, items.count)
    while low < high {
      let middle = (low + high) / 2
      if items[middle].joinIndex < joinIndex { low = middle + 1 } else { high = middle }
    }
    return low < items.count && items[low].joinIndex == joinIndex ? items[low].member : nil
  }

  package func joinIndex(of member: MemberID) -> Int? {
    items.first { $0.member == member }.map { Int($0.joinIndex) }
  }

  /// Appends a join. The caller has checked that no present member has this bundle: a member twice in one roster
  /// would share one set of keys, so that is a bug and traps.
  ///
  /// The instant is not recorded: an entry holds only what every client can check for itself.
  package mutating func join(
    bundle: Blob, capabilities: [String]? = nil, at _: MonotonicInstant
  ) -> MembershipEntry {
    let bundleHash = hash(bundle.bytes)
    let member = MemberID(bundleHash: bundleHash)
    precondition(!contains(member), "a member joined twice")
    let entry = append(.join, member: member, bundleHash: bundleHash, cause: .joined)
    members.append(RosterMember(joinIndex: entry.n, member: member, bundle: bundle, capabilities: capabilities))
    items.append(RosterEncoding.Item(joinIndex: entry.n, member: member, bundleHash: bundleHash))
    return entry
  }

  /// Appends a leave. Nil, and no entry, when the member is not in the room.
  package mutating func leave(_ member: MemberID, cause: MembershipCause) -> MembershipEntry? {
    guard let index = items.firstIndex(where: { $0.member == member }) else { return nil }
    let item = items.remove(at: index)
    members.remove(at: index)
    return append(.leave, member: member, bundleHash: item.bundleHash, cause: cause)
  }

  /// The hash of the present roster, to which an epoch's keys are bound. Takes time in proportion to the room's size.
  package func rosterHash() -> Blob { Blob(hash(RosterEncoding.hashedBytes(room: room, items: items))) }

  private mutating func append(
    _ kind: MembershipEntry.Kind, member: MemberID, bundleHash: [UInt8], cause: MembershipCause
  ) -> MembershipEntry {
    let entry = MembershipEntry(
      n: head.n + 1, kind: kind, member: member, bundleHash: Blob(bundleHash), cause: cause, previous: head.hash)
    head = LogHead(n: entry.n, hash: Blob(hash(entry.hashedBytes(room: room))))
    return entry
  }
}
