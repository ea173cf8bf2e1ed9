import Signaling
import WireBytes

/// The room's membership log as this member was shown it: the chain is recomputed, never believed.
struct RoomLog {
  /// The roster right after one log position.
  struct Snapshot {
    let n: UInt32
    let headHash: [UInt8]
    /// In log order, that is by ascending join index.
    let members: [Member]

    func rosterHash(room: RoomID) -> [UInt8] { RoomLog.rosterHash(members, room: room) }
  }

  /// Positions whose roster is kept: an epoch names a position that was the newest at most a deadline ago.
  private static let snapshotLimit = 64
  /// Positions whose head is kept, to compare with heartbeats of members that lag.
  private static let headLimit: UInt32 = 1024

  /// Members at a time beyond this number are not taken in: the relay may invent as many as it likes, and each costs.
  static let maximumMembers = 1_000

  let room: RoomID
  private(set) var snapshots: [Snapshot]
  private var heads: [UInt32: [UInt8]]
  private var byID: [MemberID: Member]
  /// Authentic members that left. A bundle is for one join: with a second one its pairwise channels would start over,
  /// under keys and nonces that were used.
  private var departed: Set<MemberID> = []

  init(room: RoomID, n: UInt32, headHash: [UInt8], members: [Member]) {
    self.room = room
    snapshots = [Snapshot(n: n, headHash: headHash, members: members)]
    heads = [n: headHash]
    byID = Dictionary(members.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  var current: Snapshot { snapshots[snapshots.count - 1] }
  var n: UInt32 { current.n }
  var headHash: [UInt8] { current.headHash }
  var members: [Member] { current.members }

  func member(_ id: MemberID) -> Member? { byID[id] }
  func member(joinIndex: UInt32) -> Member? { members.first { $0.joinIndex == joinIndex } }
  func snapshot(at n: UInt32) -> Snapshot? { snapshots.last { $0.n == n } }
  func hasLeft(_ id: MemberID) -> Bool { departed.contains(id) }
  func head(at n: UInt32) -> [UInt8]? { heads[n] }

  /// Whether `entry` continues the chain and is possible with the present roster.
  func accepts(_ entry: MembershipEntry) -> Bool {
    guard entry.n == n &+ 1, entry.n <= KeyIdentifier.maximumJoinIndex else { return false }
    guard entry.previous.bytes == headHash, entry.bundleHash.bytes.count == 32 else { return false }
    switch entry.kind {
    case .join:
      guard byID[entry.member] == nil, !hasLeft(entry.member), byID.count < Self.maximumMembers else { return false }
      return MemberID(bundleHash: entry.bundleHash.bytes) == entry.member
    case .leave: return byID[entry.member]?.bundleHash == entry.bundleHash.bytes
    }
  }

  /// Appends an accepted entry; `joining` is the new member of a join.
  mutating func append(_ entry: MembershipEntry, joining: Member?) {
    var members = members
    if let joining {
      members.append(joining)
      byID[joining.id] = joining
    } else {
      if member(entry.member)?.isAuthentic == true { departed.insert(entry.member) }
      members.removeAll { $0.id == entry.member }
      byID[entry.member] = nil
    }
    push(Snapshot(n: entry.n, headHash: sha3(entry.hashedBytes(room: room)), members: members))
  }

  /// Jumps to a position that the relay named on resumption. Heartbeats will tell whether it was the true one.
  mutating func jump(n: UInt32, headHash: [UInt8], members: [Member]) {
    let remaining = Set(members.map(\.id))
    for member in byID.values where member.isAuthentic && !remaining.contains(member.id) { departed.insert(member.id) }
    byID = Dictionary(members.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    push(Snapshot(n: n, headHash: headHash, members: members))
  }

  private mutating func push(_ snapshot: Snapshot) {
    snapshots.append(snapshot)
    if snapshots.count > Self.snapshotLimit { snapshots.removeFirst() }
    heads[snapshot.n] = snapshot.headHash
    if snapshot.n >= Self.headLimit { heads[snapshot.n - Self.headLimit] = nil }
  }

  static func rosterHash(_ members: [Member], room: RoomID) -> [UInt8] {
    sha3(RosterEncoding.hashedBytes(room: room, items: members.map(\.rosterItem)))
  }
}
