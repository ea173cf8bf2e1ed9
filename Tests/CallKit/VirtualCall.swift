package import ClientEngine
package import E2EKeys
package import RelayEngine
import SDP
import SRTP
package import Signaling
import TestKit
package import WireBytes

/// A whole call in virtual time: a relay of one shard or more, its members, and the network between them.
///
/// Nothing waits and nothing runs at the same time: `run` goes from deadline to deadline. Signalling crosses as JSON
/// text, offers and answers as SDP, datagrams as bytes; all randomness of the network and of media comes from the seed.
package final class VirtualCall {
  /// What becomes of one message: its copies, each with a delay of its own; none when it is lost.
  package typealias Passage<Message> = [(message: Message, delay: TimeInterval)]

  private enum Happening {
    case toRelay([UInt8], from: Endpoint, to: Endpoint)
    case toMember(Int, [UInt8], from: Endpoint)
    case messageToRelay(ConnectionID, [UInt8])
    case messageToMember(Int, ConnectionID, [UInt8])
    case messageToPuppet(ConnectionID, RelayMessage)
    case scripted(() throws -> Void)
  }

  package static let relayEndpoint = Endpoint(ipv4: 0x0A00_0001, port: 20_000)
  /// Signalling is a reliable stream: late at worst.
  package var signalingDelay = TimeInterval.milliseconds(5)
  package var conditions = NetworkConditions()
  /// Sees each datagram as it is sent; returns what goes on its way, or nil to lose it.
  package var onDatagram: ((HopPacket.Direction, _ member: Int, [UInt8]) -> [UInt8]?)?
  /// Sees each media packet without the hop's encryption; returns another payload of the same length, or nil to leave
  /// it as it is. Set it before the first member connects.
  package var onHopPacket: ((HopPacket) -> [UInt8]?)?
  /// Sees each frame as its sender seals it.
  package var onSealed: ((VirtualMember, SealedFrame) -> Void)?
  /// Sees each message of the relay as the member takes it in.
  package var onRelayMessage: ((VirtualMember, RelayMessage) -> Void)?
  /// Where the relay's operator sits: decides what becomes of a message of the relay to a member,
  package var onRelaySends: ((MemberID, RelayMessage) -> Passage<RelayMessage>)?
  /// and of a member's message before the relay takes it in.
  package var onMemberSends: ((MemberID, ClientMessage) -> Passage<ClientMessage>)?

  package let invite: InviteSecret
  package let seed: UInt64
  package let shards: EngineCluster
  package private(set) var now = MonotonicInstant(nanoseconds: 1_000_000_000)
  package private(set) var members: [VirtualMember] = []
  package private(set) var puppets: [Puppet] = []
  package private(set) var engineEvents: [EngineEvent] = []
  private var agenda = Agenda<Happening>()
  private var random: SeededRandom
  private var nextConnection: UInt64 = 1
  private var numbers: [MemberID: Int] = [:]
  private var sentFrames: [VirtualMember.FrameKey: SentRecord] = [:]

  /// `invite`: that of another call, for calls that follow one another in the same room.
  package init(
    seed: UInt64, invite: InviteSecret? = nil, shards: Int = 1, _ adjust: (inout EngineConfiguration) -> Void = { _ in }
  ) throws {
    self.seed = seed
    random = SeededRandom(seed: seed)
    self.invite = invite ?? InviteSecret(random: SeededRandom(seed: seed &+ 1).source)
    self.shards = try EngineCluster(
      shards: shards, first: Self.relayEndpoint, slots: 4_096, batch: 4_096,
      clock: WallClock(anchor: now, unixNanoseconds: 1_760_000_000_000_000_000),
      random: { SeededRandom(seed: seed &+ 2 &+ UInt64($0) &* 7_919).source }, adjust)
  }

  /// The home of all rooms.
  package var relay: ShardEngine { shards.engines[0] }
  package var slotsInUse: Int { shards.slabs.reduce(0) { $0 + $1.inUse } }
  /// The sum over all shards.
  package func count(_ value: (EngineCounters) -> UInt64) -> UInt64 {
    shards.engines.reduce(0) { $0 + value($1.counters) }
  }

  // Members

  /// Makes a member that has not connected yet.
  @discardableResult
  package func addMember(
    identity: MemberIdentity? = nil, _ adjust: (inout ParticipantConfiguration) -> Void = { _ in }
  ) throws -> VirtualMember {
    let identity = try identity ?? MemberIdentity()
    let member = try VirtualMember(number: members.count, invite: invite, identity: identity, seed: seed, at: now) {
      $0.audioSlots = 8
      $0.videoSlots = 8
      adjust(&$0)
    }
    members.append(member)
    numbers[member.id] = member.number
    return member
  }

  package func connect(_ member: VirtualMember) throws {
    member.connection = freshConnection()
    member.participant.connected(at: now)
    try drain(member)
  }

  /// Adds and connects members, and waits until media of all is ready.
  package func join(_ count: Int, _ adjust: (inout ParticipantConfiguration) -> Void = { _ in }) throws
    -> [VirtualMember]
  {
    let added = try (0..<count).map { _ in try addMember(adjust) }
    for member in added { try connect(member) }
    try run(until: { added.allSatisfy { $0.participant.isMediaReady } }, within: .seconds(10))
    return added
  }

  package func leave(_ member: VirtualMember) throws {
    member.stopSending()
    member.participant.leave(at: now, into: member.batch)
    try drain(member)
  }

  /// Cuts the member's signalling connection; both ends notice at once, what was on its way is lost.
  package func cutSignaling(of member: VirtualMember) throws {
    guard let connection = member.connection else { return }
    member.connection = nil
    member.participant.signalingLost(at: now)
    try drain(member)
    shards.handle(.disconnected(connection), at: now)
    try drainRelay()
  }

  package func resume(_ member: VirtualMember) throws {
    member.connection = freshConnection()
    member.participant.resume(at: now)
    try drain(member)
  }

  /// Adds a member that is keys alone. `bundle`: what it shows the relay instead of its own.
  @discardableResult
  package func join(_ keys: CallKeys, bundle: Blob? = nil) throws -> Puppet {
    let puppet = Puppet(keys: keys, connection: freshConnection())
    puppets.append(puppet)
    try submit(.join(Join(room: invite.room, token: nil, bundle: bundle ?? keys.bundle)), on: puppet.connection)
    return puppet
  }

  /// A message to the relay on any connection, now, past the operator's hook.
  package func submit(_ message: ClientMessage, on connection: ConnectionID) throws {
    try receive(message, on: connection)
  }

  /// Says something to a member as the relay would, past the operator's hook.
  package func tell(_ member: MemberID, _ message: RelayMessage, after delay: TimeInterval = .zero) {
    let at = now + signalingDelay + delay
    if let puppet = puppets.first(where: { $0.id == member }) {
      agenda.plan(.messageToPuppet(puppet.connection, message), at: at)
    } else if let target = members.first(where: { $0.id == member }), let connection = target.connection {
      agenda.plan(.messageToMember(target.number, connection, SignalingText.encode(message)), at: at)
    }
  }

  /// Hands the relay a command as its control layer would.
  package func command(_ command: EngineCommand) throws {
    shards.handle(command, at: now)
    try drainRelay()
  }

  /// Sends a message of the member, as its application would.
  package func send(_ message: ClientMessage, from member: VirtualMember) throws {
    member.participant.signal(message)
    try drain(member)
  }

  /// A datagram from anywhere to the relay, now.
  package func inject(_ datagram: [UInt8], from endpoint: Endpoint) {
    for shard in shards.engines {
      agenda.plan(.toRelay(datagram, from: endpoint, to: shard.configuration.advertised[0]), at: now)
    }
  }

  /// A datagram from anywhere to a member, now.
  package func inject(_ datagram: [UInt8], to member: VirtualMember) {
    agenda.plan(.toMember(member.number, datagram, from: Self.relayEndpoint), at: now)
  }

  package func plan(after interval: TimeInterval, _ body: @escaping () throws -> Void) {
    agenda.plan(.scripted(body), at: now + interval)
  }

  // Media

  /// Starts the members' media sources.
  package func startMedia(_ members: [VirtualMember]) {
    for member in members { member.startSending(at: now) }
  }

  /// Stops all media and lets what is under way arrive.
  package func settle(for interval: TimeInterval = .seconds(1)) throws {
    for member in members { member.stopSending() }
    try run(for: interval)
  }

  // Time

  package func run(for interval: TimeInterval) throws {
    let end = now + interval
    while nextHappening <= end { try step() }
    now = max(now, end)
  }

  package struct TimedOut: Error, CustomStringConvertible {
    package let description: String
  }

  /// Runs until the condition holds; throws when it does not within the time.
  package func run(until condition: () -> Bool, within limit: TimeInterval) throws {
    let end = now + limit
    while !condition() {
      guard nextHappening <= end else { throw TimedOut(description: "not within \(limit.seconds) s: \(state)") }
      try step()
    }
  }

  /// For messages of failed tests.
  package var state: String {
    members.map { member in
      "member \(member.number): ready \(member.participant.isMediaReady), hop \(member.profile?.name ?? "-"), "
        + "epoch \(member.participant.sendingEpoch.map(String.init) ?? "-"), ended \(member.ended?.description ?? "-")"
    }.joined(separator: "; ")
  }

  private var nextHappening: MonotonicInstant {
    let next = members.reduce(min(agenda.next, shards.nextDeadline)) { min($0, $1.nextDeadline) }
    return puppets.reduce(next) { min($0, $1.nextDeadline) }
  }

  private var stepsInPlace = 0

  private func step() throws {
    let next = max(now, nextHappening)
    stepsInPlace = next == now ? stepsInPlace + 1 : 0
    guard stepsInPlace < 100_000 else { throw TimedOut(description: "time stands still: \(state)") }
    now = next
    if let happening = agenda.popDue(at: now) { return try perform(happening) }
    if shards.nextDeadline <= now {
      shards.expire(at: now)
      return try drainRelay()
    }
    for member in members where member.nextDeadline <= now {
      if member.participant.nextDeadline <= now { member.participant.expire(at: now, into: member.batch) }
      let sealed = member.sendDue(at: now)
      for frame in sealed {
        let key = VirtualMember.FrameKey(
          member: member.id, stream: frame.stream, epoch: frame.epoch, counter: frame.counter)
        sentFrames[key] = member.sent[frame.stream]?.last { $0.sealed == frame }
        onSealed?(member, frame)
      }
      return try drain(member)
    }
    for puppet in puppets where puppet.nextDeadline <= now { try drain(puppet, puppet.expire(at: now)) }
  }

  // What happens

  private func perform(_ happening: Happening) throws {
    switch happening {
    case .scripted(let body): try body()
    case .toRelay(let bytes, let source, let target):
      shards.receive(bytes, from: source, to: target, at: now)
      try drainRelay()
    case .toMember(let number, let bytes, let relay):
      let member = members[number]
      guard bytes.count <= PacketSlab.slotSize, let slot = member.slab.take() else { return }
      member.slab.fill(slot, with: bytes)
      member.participant.receive(slot, from: relay, at: now, into: member.batch)
      try drain(member)
    case .messageToRelay(let connection, let text):
      guard id(of: connection) != nil else { return }
      guard let message = SignalingText.decode(ClientMessage.self, from: text) else {
        throw TimedOut(description: "a client's message is malformed: \(String(decoding: text, as: UTF8.self))")
      }
      try pass(message, on: connection)
    case .messageToPuppet(let connection, let message):
      guard let puppet = puppets.first(where: { $0.connection == connection }) else { return }
      try drain(puppet, puppet.receive(message, at: now))
    case .messageToMember(let number, let connection, let text):
      let member = members[number]
      guard member.connection == connection else { return }
      guard let message = SignalingText.decode(RelayMessage.self, from: text) else {
        throw TimedOut(description: "a relay's message is malformed: \(String(decoding: text, as: UTF8.self))")
      }
      onRelayMessage?(member, message)
      member.participant.receive(message, at: now, into: member.batch)
      try drain(member)
    }
  }

  /// What the control layer does with a client's message.
  private func receive(_ message: ClientMessage, on connection: ConnectionID) throws {
    switch message {
    case .join(let join):
      shards.handle(
        .join(connection, AdmittedJoin(join: join, canPublish: true, canSubscribe: true)), at: now)
    case .offer(let offer):
      shards.handle(.offer(connection, try OfferedSession(parsing: offer.sdp)), at: now)
    case .ping(let ping): tell(connection, .pong(ping))
    case .unknown: return
    default: shards.handle(.message(connection, message), at: now)
    }
    try drainRelay()
  }

  /// A member's message, by way of the operator.
  private func pass(_ message: ClientMessage, on connection: ConnectionID) throws {
    guard let onMemberSends, let member = id(of: connection) else { return try receive(message, on: connection) }
    for (message, delay) in onMemberSends(member, message) {
      if delay == .zero {
        try receive(message, on: connection)
      } else {
        plan(after: delay) { [self] in if id(of: connection) != nil { try receive(message, on: connection) } }
      }
    }
  }

  /// A message of the relay, by way of the operator.
  private func tell(_ connection: ConnectionID, _ message: RelayMessage) {
    guard let member = id(of: connection) else { return }
    guard let onRelaySends else { return tell(member, message) }
    for (message, delay) in onRelaySends(member, message) { tell(member, message, after: delay) }
  }

  private func id(of connection: ConnectionID) -> MemberID? {
    members.first { $0.connection == connection }?.id ?? puppets.first { $0.connection == connection }?.id
  }

  private func drainRelay() throws {
    try shards.drain(at: now) { bytes, source, destination in
      guard let member = members.first(where: { $0.endpoint == destination }) else { return }
      try carry(bytes, .toMember, member, source)
    } event: { event in
      engineEvents.append(event)
      switch event {
      case .send(let connection, let message): tell(connection, message)
      case .answer(let connection, let answer): tell(connection, .answer(Answer(sdp: answer.render())))
      case .close(let connection, let reason): tell(connection, .goodbye(Goodbye(reason: reason)))
      case .broadcast, .roomOpened, .roomClosed, .roomMembers, .joinHandled, .drained: return
      }
    }
  }

  private func drain(_ puppet: Puppet, _ messages: [ClientMessage]) throws {
    for message in messages {
      agenda.plan(.messageToRelay(puppet.connection, SignalingText.encode(message)), at: now + signalingDelay)
    }
  }

  private func drain(_ member: VirtualMember) throws {
    for index in 0..<member.batch.count {
      let entry = member.batch[index]
      let bytes = member.slab.read(entry.slot) { $0.toArray() }
      member.slab.release(entry.slot)
      if shards.holds(entry.destination) { try carry(bytes, .toRelay, member, entry.destination) }
    }
    member.batch.removeAll()
    for event in member.participant.takeEvents() {
      if case .signal(let message) = event {
        guard let connection = member.connection else { continue }
        agenda.plan(.messageToRelay(connection, SignalingText.encode(message)), at: now + signalingDelay)
      } else {
        member.note(event, at: now) { sentFrames[$0] }
      }
    }
  }

  private func carry(_ datagram: [UInt8], _ direction: HopPacket.Direction, _ member: VirtualMember, _ relay: Endpoint)
    throws
  {
    var bytes = datagram
    if let onHopPacket, DatagramKind(bytes.span) == .rtp {
      if member.tap == nil, let profile = member.profile {
        member.tap = try HopTap(member.participant.dtls, profile: profile)
      }
      bytes = member.tap?.pass(bytes, direction, member: member.number, onHopPacket) ?? bytes
    }
    if let onDatagram {
      guard let changed = onDatagram(direction, member.number, bytes) else { return }
      bytes = changed
    }
    for delay in conditions.arrivals(&random) {
      let happening: Happening =
        direction == .toRelay
        ? .toRelay(bytes, from: member.endpoint, to: relay) : .toMember(member.number, bytes, from: relay)
      agenda.plan(happening, at: now + delay)
    }
  }

  private func freshConnection() -> ConnectionID {
    defer { nextConnection += 1 }
    return ConnectionID(rawValue: nextConnection)
  }
}
