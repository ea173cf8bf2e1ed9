import Crypto
import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

/// A member in a test: its keys, and what it was told to do.
final class Client {
  let name: Int
  let keys: CallKeys
  /// The relay reaches it and it reaches the relay.
  var isConnected = true
  /// Its process stopped: it does nothing at all.
  var isFrozen = false
  var events: [KeyEvent] = []
  var ready: [UInt32] = []

  init(name: Int, keys: CallKeys) {
    self.name = name
    self.keys = keys
  }

  var member: MemberID { keys.member }

  /// Epochs this member switched to, with the cause.
  var activations: [(epoch: UInt32, cause: RekeyCause, wrapped: Int, wasCommitter: Bool)] {
    events.compactMap {
      guard case .epochActive(let epoch, let cause, let suites, _, let wasCommitter) = $0 else { return nil }
      return (epoch, cause, suites.values.reduce(0, +), wasCommitter)
    }
  }

  func opens(_ frame: [UInt8], at now: MonotonicInstant) -> Bool { (try? keys.open(frame, at: now)) != nil }
}

/// A call over an in-memory relay, in virtual time.
final class Call {
  private struct Scheduled {
    let at: MonotonicInstant
    let run: () -> Void
  }

  /// What becomes of one sealed message: copies and their extra delays; none when it is lost.
  typealias Delivery = [(body: Blob, delay: TimeInterval)]

  let invite: InviteSecret
  private let random: RandomSource
  private(set) var now = MonotonicInstant(nanoseconds: 5_000_000_000)
  private(set) var clients: [Client] = []
  let latency = TimeInterval.milliseconds(5)
  private var queue: [Scheduled] = []

  /// Set by tests: the fate of sealed messages.
  var onSealed: ((_ from: Client, _ to: Client, _ body: Blob) -> Delivery)?
  /// Set by tests: sees what the relay tells a member at the moment it arrives; false loses it.
  var onArrival: ((_ to: Client, _ message: RelayMessage) -> Bool)?
  /// What clients sent to the relay; a message to all counts once.
  private(set) var sealedMessages = 0
  private(set) var sealedBytes = 0

  /// Set by tests: the relay's own misbehaviour.
  var relayPrepares = true
  var relayExecutes = true
  /// Members whom the relay tells nothing of the log any more.
  var keptInTheDark: Set<MemberID> = []

  // The relay's view.
  private(set) var n: UInt32 = 0
  private var head = MembershipEntry.genesis
  private var roster: [RosterMember] = []
  private var epoch: UInt32 = 0
  private(set) var executed: UInt32 = 0
  private var awaiting: Set<MemberID>?
  private var changes: [MembershipEntry] = []
  private var isCoalescing = false

  init(seed: UInt64 = 1, random: RandomSource? = nil) {
    self.random = random ?? SeededRandom(seed: seed).source
    invite = InviteSecret(random: self.random)
  }

  // The clients' side.

  func makeClient(policy: KeyPolicy = KeyPolicy(), invite: InviteSecret? = nil) throws -> Client {
    let keys = try CallKeys(
      invite: invite ?? self.invite, identity: MemberIdentity(), policy: policy, random: random, at: now)
    return Client(name: clients.count, keys: keys)
  }

  @discardableResult
  func join(policy: KeyPolicy = KeyPolicy(), invite: InviteSecret? = nil) throws -> Client {
    let client = try makeClient(policy: policy, invite: invite)
    enter(client)
    return client
  }

  /// Joins as this call's room whatever the client believes.
  func enter(_ client: Client, bundle: Blob? = nil) {
    clients.append(client)
    let bundle = bundle ?? client.keys.bundle
    let joinIndex = n + 1
    let entry = append(.join, client.member, bundleHash: sha3(bundle.bytes), cause: .joined)
    roster.append(RosterMember(joinIndex: joinIndex, member: client.member, bundle: bundle))
    let joined = joined(for: client, resumed: false)
    tell(client, .joined(joined))
    tell(MembershipChange(entry: entry, bundle: bundle), except: client)
    noteChange(entry)
  }

  func joined(for client: Client, resumed: Bool) -> Joined {
    Joined(
      member: client.member, room: invite.room, epoch: executed, roster: roster, head: LogHead(n: n, hash: head),
      published: [], resumeToken: "", resumed: resumed,
      limits: Joined.Limits(maxMembers: 500, maxSealedBytes: 49_152, maxVideoBitrate: 0, resumeWindowMs: 30_000))
  }

  /// The member leaves; `hidden`: and the relay tells nobody.
  func leave(_ client: Client, hidden: Bool = false) {
    client.isConnected = false
    guard !hidden else { return }
    removeFromLog(client)
  }

  func removeFromLog(_ client: Client) {
    roster.removeAll { $0.member == client.member }
    let entry = append(.leave, client.member, bundleHash: sha3(client.keys.bundle.bytes), cause: .left)
    tell(MembershipChange(entry: entry, bundle: nil), except: client)
    awaiting?.remove(client.member)
    noteChange(entry)
    if awaiting?.isEmpty == true { execute(epoch) }
  }

  func resume(_ client: Client) {
    client.isConnected = true
    let joined = joined(for: client, resumed: true)
    tell(client, .joined(joined))
  }

  // Time.

  func run(for interval: TimeInterval) {
    let end = now + interval
    var turns = 0
    while true {
      let timer = clients.lazy.filter { !$0.isFrozen }.map(\.keys.nextDeadline).min() ?? .never
      let next = min(timer, queue.first?.at ?? .never)
      guard next <= end else { break }
      turns = next > now ? 0 : turns + 1
      guard turns < 100_000 else {
        Issue.record("time stands still: a deadline is not acted upon")
        return
      }
      now = max(now, next)
      if let first = queue.first, first.at <= timer {
        queue.removeFirst()
        first.run()
      } else {
        for client in clients where !client.isFrozen && client.keys.nextDeadline <= now {
          client.keys.expire(at: now)
          drain(client)
        }
      }
    }
    now = end
  }

  func schedule(in delay: TimeInterval, _ run: @escaping () -> Void) {
    let at = now + delay
    var (low, high) = (0, queue.count)
    while low < high {
      let middle = (low + high) / 2
      if queue[middle].at <= at { low = middle + 1 } else { high = middle }
    }
    queue.insert(Scheduled(at: at, run: run), at: low)
  }

  func deliver(to client: Client, delay: TimeInterval = .zero, _ body: @escaping (Client, MonotonicInstant) -> Void) {
    schedule(in: TimeInterval(nanoseconds: latency.nanoseconds + delay.nanoseconds)) { [self] in
      guard client.isConnected, !client.isFrozen else { return }
      body(client, now)
      drain(client)
    }
  }

  /// What the relay says arrives at a member.
  private func tell(_ client: Client, _ message: RelayMessage, delay: TimeInterval = .zero) {
    deliver(to: client, delay: delay) { [self] client, now in
      guard onArrival?(client, message) ?? true else { return }
      switch message {
      case .joined(let joined): client.keys.joined(joined, at: now)
      case .membership(let change): client.keys.membershipChanged(change, at: now)
      case .rekey(let rekey): client.keys.rekey(rekey, at: now)
      case .sealed(let sealed): client.keys.receive(sealed, at: now)
      default: return
      }
    }
  }

  func drain(_ client: Client) {
    for action in client.keys.takeActions() {
      switch action {
      case .event(let event): client.events.append(event)
      case .ready(let epoch):
        client.ready.append(epoch)
        if client.isConnected { schedule(in: latency) { [self] in ready(client, epoch: epoch) } }
      case .send(let message):
        guard client.isConnected else { continue }
        sealedMessages += 1
        sealedBytes += message.body.bytes.count
        let receivers = clients.filter { $0 !== client && (message.to == nil || $0.member == message.to) }
        for to in receivers { carry(message.body, from: client, to: to) }
      }
    }
  }

  private func carry(_ body: Blob, from client: Client, to receiver: Client) {
    let delivery = onSealed?(client, receiver, body) ?? [(body, .zero)]
    for (body, delay) in delivery {
      tell(
        receiver, .sealed(SealedFromMember(from: client.member, body: body)),
        delay: TimeInterval(nanoseconds: latency.nanoseconds + delay.nanoseconds))
    }
  }

  // The relay's rekey advice.

  private func append(
    _ kind: MembershipEntry.Kind, _ member: MemberID, bundleHash: [UInt8], cause: MembershipCause
  ) -> MembershipEntry {
    n += 1
    let entry = MembershipEntry(
      n: n, kind: kind, member: member, bundleHash: Blob(bundleHash), cause: cause, previous: head)
    head = Blob(sha3(entry.hashedBytes(room: invite.room)))
    return entry
  }

  private func tell(_ change: MembershipChange, except: Client) {
    for client in clients where client !== except && !keptInTheDark.contains(client.member) {
      tell(client, .membership(change))
    }
  }

  private func noteChange(_ entry: MembershipEntry) {
    changes.append(entry)
    coalesce()
  }

  private func coalesce() {
    guard relayPrepares, awaiting == nil, !isCoalescing, !changes.isEmpty else { return }
    isCoalescing = true
    schedule(in: .milliseconds(50)) { [self] in
      isCoalescing = false
      let kinds = Set(changes.map(\.kind))
      prepare(kinds.count == 2 ? .mixed : kinds.contains(.join) ? .join : .leave)
    }
  }

  func prepare(_ cause: RekeyCause) {
    epoch += 1
    let epoch = epoch
    let rekey = advice(epoch: epoch, phase: .prepare, cause: cause)
    changes = []
    awaiting = Set(roster.map(\.member))
    for client in clients { tell(client, .rekey(rekey)) }
    schedule(in: .seconds(2)) { [self] in execute(epoch) }
  }

  func advice(epoch: UInt32, phase: Rekey.Phase, cause: RekeyCause) -> Rekey {
    let items = roster.map {
      RosterEncoding.Item(joinIndex: $0.joinIndex, member: $0.member, bundleHash: sha3($0.bundle.bytes))
    }
    return Rekey(
      epoch: epoch, phase: phase, cause: cause, changes: changes.map(\.n), head: LogHead(n: n, hash: head),
      rosterHash: Blob(sha3(RosterEncoding.hashedBytes(room: invite.room, items: items))),
      deadlineMs: phase == .prepare ? 2_000 : 0)
  }

  private func ready(_ client: Client, epoch: UInt32) {
    guard epoch == self.epoch else { return }
    awaiting?.remove(client.member)
    if awaiting?.isEmpty == true { execute(epoch) }
  }

  private func execute(_ epoch: UInt32) {
    guard epoch == self.epoch, awaiting != nil else { return }
    awaiting = nil
    if relayExecutes {
      executed = epoch
      let rekey = advice(epoch: epoch, phase: .execute, cause: .join)
      for client in clients { tell(client, .rekey(rekey)) }
    }
    coalesce()
  }
}

func sha3(_ bytes: [UInt8]) -> [UInt8] { Array(SHA3_256.hash(data: bytes)) }

/// Every one of `clients` seals a frame, and each other one opens it as from the right member.
func expectAllHearEachOther(_ clients: [Client], _ call: Call, sourceLocation: SourceLocation = #_sourceLocation) {
  for speaker in clients {
    guard let sealed = try? speaker.keys.seal(Array("hello".utf8), stream: .microphone) else {
      Issue.record("\(speaker.name) cannot seal", sourceLocation: sourceLocation)
      continue
    }
    for listener in clients where listener !== speaker {
      do {
        let opened = try listener.keys.open(sealed, at: call.now)
        #expect(opened.member == speaker.member, sourceLocation: sourceLocation)
        #expect(opened.plaintext == Array("hello".utf8), sourceLocation: sourceLocation)
      } catch {
        Issue.record("\(listener.name) cannot open \(speaker.name): \(error)", sourceLocation: sourceLocation)
      }
    }
  }
  let epochs = Set(clients.map { $0.keys.sendingEpoch })
  #expect(epochs.count == 1, "all on one epoch", sourceLocation: sourceLocation)
}
