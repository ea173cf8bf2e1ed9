import E2EKeys
import Signaling
import WireBytes

/// The members of one call and a relay that delivers everything at once: what is left is the cost of the keys.
final class KeyRoom {
  /// What one member did while keys changed.
  struct Cost {
    var cpu: UInt64 = 0
    var messages = 0
    var bytesSent = 0
    var bytesReceived = 0
  }

  private final class Seat {
    let keys: CallKeys
    var cost = Cost()

    init(_ keys: CallKeys) { self.keys = keys }
  }

  private let invite: InviteSecret
  private var now = MonotonicInstant(nanoseconds: 1_000_000_000)
  private var seats: [Seat] = []
  private var n: UInt32 = 0
  private var head = MembershipEntry.genesis
  private var roster: [RosterMember] = []
  private var epoch: UInt32 = 0
  private var metricsOfFormer = KeyMetrics()

  init() { invite = InviteSecret(random: .system) }

  /// Of all members, those that are gone included.
  var metrics: KeyMetrics { seats.reduce(into: metricsOfFormer) { $0.merge($1.keys.metrics) } }

  /// One more member, and new keys. Costs by role: the committer, the joiner, each other one.
  func join() throws -> (committer: Cost, joiner: Cost?, other: Cost?) {
    try enter()
    try agree(.join)
    let joiner = seats.last?.cost
    return (seats[0].cost, joiner, seats.count > 2 ? seats[1].cost : nil)
  }

  /// The last member goes, and new keys.
  func leave() throws -> (committer: Cost, joiner: Cost?, other: Cost?) {
    let seat = seats.removeLast()
    metricsOfFormer.merge(seat.keys.metrics)
    let item = roster.removeLast()
    let entry = append(.leave, item.member, Blob(Digest.sha3(item.bundle.bytes)), .left)
    for index in seats.indices { seats[index].cost = Cost() }
    try tellAll { $0.membershipChanged(MembershipChange(entry: entry, bundle: nil), at: $1) }
    try agree(.leave)
    return (seats[0].cost, nil, seats.count > 1 ? seats[1].cost : nil)
  }

  /// Fills the room; the members before learn of each join, and keys change once at the end.
  func fill(to count: Int) throws {
    while seats.count < count { try enter() }
    try agree(.join)
  }

  private func enter() throws {
    for index in seats.indices { seats[index].cost = Cost() }
    var cost = Cost()
    let now = now
    let keys = try CPUTime.adding(to: &cost.cpu) {
      try CallKeys(
        invite: invite, identity: Self.identity, policy: KeyPolicy(heartbeat: .seconds(3_600)),
        stopwatch: Stopwatch { CPUTime.now() }, random: .system, at: now)
    }
    let bundleHash = Blob(Digest.sha3(keys.bundle.bytes))
    let entry = append(.join, keys.member, bundleHash, .joined)
    roster.append(RosterMember(joinIndex: n, member: keys.member, bundle: keys.bundle))
    try tellAll { $0.membershipChanged(MembershipChange(entry: entry, bundle: keys.bundle), at: $1) }
    let seat = Seat(keys)
    seat.cost = cost
    let joined = Joined(
      member: keys.member, room: invite.room, epoch: epoch, roster: roster, head: LogHead(n: n, hash: head),
      published: [], resumeToken: "", resumed: false,
      limits: Joined.Limits(maxMembers: 500, maxSealedBytes: 49_152, maxVideoBitrate: 0, resumeWindowMs: 30_000))
    CPUTime.adding(to: &seat.cost.cpu) { keys.joined(joined, at: now) }
    seats.append(seat)
    try deliver()
  }

  private func agree(_ cause: RekeyCause) throws {
    epoch += 1
    for phase in [Rekey.Phase.prepare, .execute] {
      let items = roster.map {
        RosterEncoding.Item(joinIndex: $0.joinIndex, member: $0.member, bundleHash: Digest.sha3($0.bundle.bytes))
      }
      let rekey = Rekey(
        epoch: epoch, phase: phase, cause: cause, changes: [], head: LogHead(n: n, hash: head),
        rosterHash: Blob(Digest.sha3(RosterEncoding.hashedBytes(room: invite.room, items: items))),
        deadlineMs: 2_000)
      try tellAll { $0.rekey(rekey, at: $1) }
    }
    guard Set(seats.map(\.keys.sendingEpoch)).count == 1, seats[0].keys.sendingEpoch != nil else {
      throw BenchFailure("the members are not on one epoch")
    }
  }

  private func tellAll(_ body: (CallKeys, MonotonicInstant) -> Void) throws {
    now = now + .milliseconds(20)
    for seat in seats { CPUTime.adding(to: &seat.cost.cpu) { body(seat.keys, now) } }
    try deliver()
  }

  /// Passes sealed messages on until there are none.
  private func deliver() throws {
    var isQuiet = false
    while !isQuiet {
      isQuiet = true
      for sender in seats {
        for case .send(let message) in sender.keys.takeActions() {
          isQuiet = false
          sender.cost.messages += 1
          sender.cost.bytesSent += message.body.bytes.count
          let sealed = SealedFromMember(from: sender.keys.member, body: message.body)
          for receiver in seats
          where receiver !== sender && (message.to ?? receiver.keys.member) == receiver.keys.member {
            receiver.cost.bytesReceived += message.body.bytes.count
            CPUTime.adding(to: &receiver.cost.cpu) { receiver.keys.receive(sealed, at: now) }
          }
        }
      }
    }
  }

  private func append(
    _ kind: MembershipEntry.Kind, _ member: MemberID, _ bundleHash: Blob, _ cause: MembershipCause
  ) -> MembershipEntry {
    n += 1
    let entry = MembershipEntry(
      n: n, kind: kind, member: member, bundleHash: bundleHash, cause: cause, previous: head)
    head = Blob(Digest.sha3(entry.hashedBytes(room: invite.room)))
    return entry
  }

  /// Identities are made once per device, not per call.
  private static let identity: MemberIdentity = {
    guard let identity = try? MemberIdentity() else { preconditionFailure("no identity could be made") }
    return identity
  }()
}
