import CallKit
import ICE
import RTP
import RelayEngine
import SDP
import Signaling
import TestKit
import WireBytes

/// The shards of a relay and its hop-only clients, in virtual time, over a network that takes none.
final class HopCall {
  let relay: Endpoint
  let shards: EngineCluster
  private let seed: UInt64
  private(set) var now = MonotonicInstant(nanoseconds: 5_000_000_000)
  private(set) var peers: [HopPeer] = []
  private(set) var events: [EngineEvent] = []

  static let room = RoomID(bytes: [UInt8](repeating: 7, count: 16))

  init(
    seed: UInt64, relay: Endpoint = Endpoint(ipv4: 0x0A00_0001, port: 20_000), slots: Int = 256, batch: Int = 256,
    shards: Int = 1, ringBytes: Int = 1 << 20,
    _ adjust: (inout EngineConfiguration) -> Void = { _ in }
  ) throws {
    self.seed = seed
    self.relay = relay
    self.shards = try EngineCluster(
      shards: shards, first: relay, slots: slots, batch: batch,
      clock: WallClock(anchor: now, unixNanoseconds: 1_760_000_000_000_000_000), ringBytes: ringBytes,
      random: { SeededRandom(seed: seed &+ UInt64($0) &* 7_919).source }, adjust)
  }

  /// The home of all rooms.
  var engine: ShardEngine { shards.engines[0] }
  var slab: PacketSlab { shards.slabs[0] }

  var counters: EngineCounters { engine.counters }

  // Clients

  func addPeer(_ dialect: Dialect = .first, setup: Setup = .actpass, endpoint: Endpoint? = nil) throws -> HopPeer {
    let number = peers.count
    let peer = try HopPeer(
      number: number, dialect: dialect,
      endpoint: endpoint ?? Endpoint(ipv4: 0x0A00_0100 + UInt32(number), port: UInt16(10_000 + number)), setup: setup,
      seed: seed)
    peers.append(peer)
    return peer
  }

  func join(
    _ peer: HopPeer, room: RoomID? = HopCall.room, canPublish: Bool = true, canSubscribe: Bool = true,
    resume: String? = nil
  ) throws {
    guard let room else { return }
    let join = Join(room: room, token: nil, bundle: peer.bundle, resume: resume)
    try command(
      .join(peer.connection, AdmittedJoin(join: join, canPublish: canPublish, canSubscribe: canSubscribe)))
  }

  func offer(_ text: String, from peer: HopPeer) throws {
    try command(.offer(peer.connection, try OfferedSession(parsing: text)))
  }

  /// A client that has joined, published and completed its handshake, in the executed epoch.
  @discardableResult
  func connect(
    _ sections: [ClientOffer.Section], publishing tracks: [Publish.Track] = [], _ dialect: Dialect = .first,
    setup: Setup = .actpass, endpoint: Endpoint? = nil
  ) throws -> HopPeer {
    let peer = try addPeer(dialect, setup: setup, endpoint: endpoint)
    try join(peer)
    try offer(peer.offer(sections), from: peer)
    if !tracks.isEmpty { try send(.publish(Publish(tracks: tracks)), from: peer) }
    try run(for: .milliseconds(600))
    return peer
  }

  // What happens

  func command(_ command: EngineCommand) throws {
    shards.handle(command, at: now)
    try pump()
  }

  func send(_ message: ClientMessage, from peer: HopPeer) throws {
    try command(.message(peer.connection, message))
  }

  /// RTP of the client, in order, at once.
  func send(_ packets: [WirePacket], from peer: HopPeer) throws {
    for packet in packets { try inject(peer.protectedRTP(packet.bytes(peer.dialect.ids)), from: peer) }
  }

  /// The same, and the relay reads all of it before it works on any.
  func sendAtOnce(_ packets: [WirePacket], from peer: HopPeer) throws {
    shards.receive(
      burst: packets.map { peer.protectedRTP($0.bytes(peer.dialect.ids)) }, from: peer.endpoint,
      to: shards.endpoint(of: peer.connection), at: now)
    try pump()
  }

  /// RTCP of the client: whatever the writer put down.
  func sendControl(from peer: HopPeer, _ write: (inout [UInt8]) -> Void) throws {
    var compound: [UInt8] = []
    write(&compound)
    try inject(peer.protectedRTCP(compound), from: peer)
  }

  /// A datagram from anywhere to the first shard.
  func inject(_ datagram: [UInt8], from endpoint: Endpoint) throws {
    shards.receive(datagram, from: endpoint, to: relay, at: now)
    try pump()
  }

  private func inject(_ datagram: [UInt8], from peer: HopPeer) throws {
    take(datagram, from: peer)
    try pump()
  }

  func run(for duration: TimeInterval) throws {
    let end = now + duration
    try pump()
    while true {
      let next = peers.reduce(shards.nextDeadline) { min($0, $1.nextDeadline) }
      guard next <= end else { break }
      now = max(now, next)
      for peer in peers where peer.nextDeadline <= now { peer.expire(at: now) }
      shards.expire(at: now)
      try pump()
    }
    now = end
  }

  private func take(_ datagram: [UInt8], from peer: HopPeer) {
    shards.receive(datagram, from: peer.endpoint, to: shards.endpoint(of: peer.connection), at: now)
  }

  /// Carries everything that is under way, until nothing is.
  private func pump() throws {
    var isBusy = true
    while isBusy {
      isBusy = false
      try shards.drain(at: now) { bytes, source, destination in
        isBusy = true
        try peers.first { $0.endpoint == destination }?.receive(bytes, from: source, at: now)
      } event: { event in
        isBusy = true
        events.append(event)
        try deliver(event)
      }
      for peer in peers {
        while let datagram = peer.nextDatagram() {
          isBusy = true
          take(datagram, from: peer)
        }
        while let message = peer.nextSignal() {
          isBusy = true
          shards.handle(.message(peer.connection, message), at: now)
        }
      }
    }
  }

  private func deliver(_ event: EngineEvent) throws {
    switch event {
    case .send(let id, let message): peers.first { $0.connection == id }?.take(message)
    case .answer(let id, let answer): try peers.first { $0.connection == id }?.take(answer, at: now)
    case .close(let id, let reason): peers.first { $0.connection == id }?.take(reason)
    case .broadcast, .roomOpened, .roomClosed, .roomMembers, .joinHandled, .drained: return
    }
  }
}

extension ClientOffer.Section {
  static func sending(
    _ kind: MediaKind, _ mid: String, ssrc: UInt32? = nil, rtx: UInt32? = nil, rids: [String] = []
  ) -> Self {
    Self(
      mid: mid, kind: kind, sends: true, ssrc: ssrc.map { SSRC($0) }, rtxSSRC: rtx.map { SSRC($0) }, rids: rids)
  }

  static func receiving(_ kind: MediaKind, _ mid: String) -> Self {
    Self(mid: mid, kind: kind, sends: false)
  }
}
