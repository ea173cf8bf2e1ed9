package import DTLS
import Forwarding
import HopCrypto
import Membership
import Signaling
package import WireBytes

/// One shard of the relay, without sockets, clocks or threads.
///
/// Its owner calls `receive`, `handle` and `expire` on one serial queue. When one of them returns, nothing is pending:
/// what must leave is in the batch, what the control layer must hear is in `takeEvents()`, and `nextDeadline` says when
/// `expire` has work again. No input can make it trap; what it cannot use is dropped and counted.
///
/// An owner that reads many datagrams at once hands them to `collect`, and calls `forwardBurst` before anything else.
///
/// Engines that share rooms are joined by their owner: what one puts into `takeLinkMessages()` goes, in order, into the
/// other's `handle(_:from:)`, and packets go by the rings that `connect` is given.
@safe
package final class ShardEngine {
  package let configuration: EngineConfiguration
  package let slab: PacketSlab
  let identity: DTLSIdentity
  let clock: WallClock
  let random: RandomSource

  var peers = PeerTable()
  var rooms: [RoomID: Room] = [:]
  var connections: [ConnectionID: PeerIndex] = [:]
  var resumeTokens: [String: PeerIndex] = [:]
  var timers = TimerQueue()
  var events: [EngineEvent] = []
  /// For other shards, in order.
  var linkMessages: [LinkEnvelope] = []
  /// The way of packets to other shards; nil for this one.
  var rings: [LinkRing?] = []
  /// Publications that come in here, by the names that other shards know them by.
  var published: [UInt32: IngressTrack] = [:]
  var lastLinkID: UInt32 = 0
  /// Publications of other shards in rooms that have a part here.
  var linked: [LinkSource: IngressTrack] = [:]
  /// Connections whose join is with the room's home, and what they have said meanwhile.
  var held: [ConnectionID: [EngineCommand]] = [:]
  /// Peers whose slot assignments changed during the present call.
  var peersWithSlotChanges: [Peer] = []
  var handshakes = HandshakeBacklog()
  var draining = false
  /// Media that was read and is not yet forwarded.
  let burst = PacketBurst()
  /// Behind a pointer, since every packet counts: as a stored property each access would pay for a check of its own.
  private let tally: UnsafeMutablePointer<EngineCounters>
  package internal(set) var counters: EngineCounters {
    _read { yield unsafe tally.pointee }
    _modify { yield unsafe &tally.pointee }
  }

  package init(
    configuration: EngineConfiguration, slab: PacketSlab, identity: DTLSIdentity, clock: WallClock,
    random: RandomSource
  ) {
    self.configuration = configuration
    self.slab = slab
    self.identity = identity
    self.clock = clock
    self.random = random
    unsafe tally = .allocate(capacity: 1)
    unsafe tally.initialize(to: EngineCounters())
  }

  deinit {
    unsafe tally.deinitialize(count: 1)
    unsafe tally.deallocate()
  }

  /// Handshakes whose memory was given back: the one counter that is asked for in every turn, for which the accessor above
  /// would ask the heap each time.
  package var dtlsSettled: UInt64 { unsafe tally.pointee.dtlsSettled }

  package var nextDeadline: MonotonicInstant {
    handshakes.isEmpty ? timers.nextDeadline : MonotonicInstant(nanoseconds: 0)
  }

  package func takeEvents() -> [EngineEvent] {
    // Most turns have none, and an array handed out means a new one for the next event.
    guard !events.isEmpty else { return [] }
    defer { events = [] }
    return events
  }

  package var gauges: EngineGauges {
    var gauges = EngineGauges()
    // Each room once: at its home.
    gauges.rooms = rooms.values.count { $0.home == nil }
    gauges.participants = peers.count
    for peer in peers.all {
      gauges.publications += peer.tracks.count
      for track in peer.tracks { gauges.subscriptions += track.receivers }
    }
    for track in linked.values { gauges.subscriptions += track.receivers }
    gauges.slabSlotsInUse = slab.inUse
    return gauges
  }

  /// Takes one datagram in. The engine owns `slot` from here on.
  package func receive(
    _ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    collect(slot, from: endpoint, at: now, into: batch)
    forwardBurst(into: batch)
    continueHandshakes(at: now, into: batch)
  }

  /// Takes one of several datagrams in: media may stay with the engine until `forwardBurst`, DTLS until `expire`.
  package func collect(
    _ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    counters.packetsReceived &+= 1
    counters.bytesReceived &+= UInt64(slab.length(of: slot))
    let kind = slab.read(slot) { DatagramKind($0) }
    if case .rtp = kind {} else { forwardBurst(into: batch) }
    switch kind {
    case .rtp: receiveRTP(slot, from: endpoint, at: now, into: batch)
    case .rtcp: receiveRTCP(slot, from: endpoint, at: now, into: batch)
    case .stun: receiveSTUN(slot, from: endpoint, at: now, into: batch)
    case .dtls: queueHandshake(slot, from: endpoint)
    case .unknown: drop(slot, .unknownProtocol)
    }
  }

  /// Carries out one command of the control layer.
  package func handle(_ command: EngineCommand, at now: MonotonicInstant, into batch: EgressBatch) {
    guard !hold(command) else { return }
    switch command {
    case .join(let connection, let join): self.join(join, on: connection, at: now, into: batch)
    case .offer(let connection, let offer): negotiate(offer, on: connection, at: now, into: batch)
    case .message(let connection, let message): handle(message, on: connection, at: now, into: batch)
    case .disconnected(let connection): disconnected(connection, at: now, into: batch)
    case .drain: drain()
    }
    flushSlotChanges()
  }

  /// Does everything whose time has come.
  package func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    while let key = timers.popDue(at: now) {
      switch key {
      case .peer(let index):
        guard let peer = peers[index] else { continue }
        peer.armed = .never
        expire(peer, at: now, into: batch)
        if peers[index] != nil { arm(peer) }
      case .room(let id):
        guard let room = rooms[id] else { continue }
        room.armed = .never
        expire(room, at: now, into: batch)
        arm(room)
      }
    }
    if !handshakes.isEmpty {
      // Media first: handshakes take their time.
      batch.letOut()
      continueHandshakes(at: now, into: batch)
    }
    flushSlotChanges()
  }

  /// Makes sure that a timer entry stands no later than the peer's next deadline.
  func arm(_ peer: Peer) { arm(peer, by: peer.nextDeadline) }

  func arm(_ peer: Peer, by deadline: MonotonicInstant) {
    guard deadline < peer.armed else { return }
    peer.armed = deadline
    timers.arm(.peer(peer.index), at: deadline)
  }

  func arm(_ room: Room) {
    let deadline = room.nextDeadline
    guard deadline < room.armed else { return }
    room.armed = deadline
    timers.arm(.room(room.id), at: deadline)
  }

  func drop(_ slot: PacketSlot, _ reason: DropReason) {
    counters.drop(reason)
    slab.release(slot)
  }

  /// Puts a filled slot into the batch, or counts why not.
  func send(_ slot: PacketSlot, to endpoint: Endpoint, into batch: EgressBatch) {
    guard batch.append(slot, to: endpoint) else { return drop(slot, .batchFull) }
    counters.packetsSent &+= 1
  }

  /// Sends a control datagram (STUN, DTLS); those are few and small.
  func send(_ datagram: [UInt8], to endpoint: Endpoint, into batch: EgressBatch) {
    guard let slot = slab.take() else { return counters.drop(.slabExhausted) }
    slab.fill(slot, with: datagram)
    send(slot, to: endpoint, into: batch)
  }

  private func drain() {
    draining = true
    for peer in peers.all {
      if let connection = peer.connection { events.append(.close(connection, .shutdown)) }
    }
    events.append(.drained)
  }
}
