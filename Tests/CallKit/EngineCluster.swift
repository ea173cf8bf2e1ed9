import DTLS
import Forwarding
package import RelayEngine
import Signaling
package import WireBytes

/// The shards of a relay, joined by hand: what one has for another arrives when the call that made it returns.
///
/// Members come to the shards in turn; the first shard is every room's home.
package final class EngineCluster {
  private struct Shard {
    let engine: ShardEngine
    let slab: PacketSlab
    let batch: EgressBatch
    let endpoint: Endpoint
    let sent = Sent()
  }

  /// What has left a shard, in order.
  private final class Sent {
    var datagrams: [(bytes: [UInt8], destination: Endpoint)] = []

    /// Takes what is in the batch, as a socket would.
    func take(_ batch: EgressBatch, of slab: PacketSlab) {
      for index in 0..<batch.count {
        let entry = batch[index]
        datagrams.append((slab.read(entry.slot) { $0.toArray() }, entry.destination))
        slab.release(entry.slot)
      }
      batch.removeAll()
    }
  }

  private let shards: [Shard]
  /// By source, then by target.
  private let rings: [[LinkRing?]]
  private var seats: [ConnectionID: Int] = [:]
  private var joins = 0

  /// - Parameter ringBytes: the capacity of each ring.
  package init(
    shards count: Int, first: Endpoint, slots: Int, batch: Int, clock: WallClock, ringBytes: Int = 1 << 20,
    random: (Int) -> RandomSource, _ adjust: (inout EngineConfiguration) -> Void
  ) throws {
    let identity = try DTLSIdentity()
    shards = (0..<count).map { index in
      let endpoint = Endpoint(high: first.high, low: first.low, port: first.port + UInt16(index))
      var configuration = EngineConfiguration(advertised: [endpoint])
      configuration.shard = index
      adjust(&configuration)
      let slab = PacketSlab(capacity: slots)
      let engine = ShardEngine(
        configuration: configuration, slab: slab, identity: identity, clock: clock, random: random(index))
      return Shard(engine: engine, slab: slab, batch: EgressBatch(capacity: batch), endpoint: endpoint)
    }
    rings = (0..<count).map { source in
      (0..<count).map { target in source == target ? nil : LinkRing(capacity: ringBytes) }
    }
    for shard in shards {
      shard.batch.outlet = { [slab = shard.slab, sent = shard.sent, unowned batch = shard.batch] in
        sent.take(batch, of: slab)
      }
    }
    guard count > 1 else { return }
    for (index, shard) in shards.enumerated() { shard.engine.connect(rings[index]) }
  }

  package var engines: [ShardEngine] { shards.map(\.engine) }
  package var slabs: [PacketSlab] { shards.map(\.slab) }

  package var nextDeadline: MonotonicInstant { shards.reduce(.never) { min($0, $1.engine.nextDeadline) } }

  package func holds(_ endpoint: Endpoint) -> Bool { shards.contains { $0.endpoint == endpoint } }

  package func endpoint(of connection: ConnectionID) -> Endpoint { shards[seats[connection] ?? 0].endpoint }

  package func handle(_ command: EngineCommand, at now: MonotonicInstant) {
    switch command {
    case .join(let connection, var join):
      let seat = place(join.join)
      seats[connection] = seat
      join.home = 0
      shards[seat].engine.handle(.join(connection, join), at: now, into: shards[seat].batch)
    case .offer(let connection, _), .message(let connection, _), .disconnected(let connection):
      let seat = shards[seats[connection] ?? 0]
      seat.engine.handle(command, at: now, into: seat.batch)
    case .drain: for shard in shards { shard.engine.handle(command, at: now, into: shard.batch) }
    }
  }

  private func place(_ join: Join) -> Int {
    if let resume = join.resume, let end = resume.firstIndex(of: "."), let shard = Int(resume[..<end]) {
      return min(shard, shards.count - 1)
    }
    joins += 1
    return (joins - 1) % shards.count
  }

  /// A datagram to one of the shards' addresses. Lost when there is no slot for it.
  package func receive(_ datagram: [UInt8], from source: Endpoint, to target: Endpoint, at now: MonotonicInstant) {
    guard datagram.count <= PacketSlab.slotSize, let shard = shards.first(where: { $0.endpoint == target }),
      let slot = shard.slab.take()
    else { return }
    shard.slab.fill(slot, with: datagram)
    shard.engine.receive(slot, from: source, at: now, into: shard.batch)
  }

  /// Datagrams that one of the shards finds in its socket at once.
  package func receive(
    burst datagrams: [[UInt8]], from source: Endpoint, to target: Endpoint, at now: MonotonicInstant
  ) {
    guard let shard = shards.first(where: { $0.endpoint == target }) else { return }
    for datagram in datagrams where datagram.count <= PacketSlab.slotSize {
      guard let slot = shard.slab.take() else { break }
      shard.slab.fill(slot, with: datagram)
      shard.engine.collect(slot, from: source, at: now, into: shard.batch)
    }
    shard.engine.forwardBurst(into: shard.batch)
  }

  package func expire(at now: MonotonicInstant) {
    for shard in shards where shard.engine.nextDeadline <= now { shard.engine.expire(at: now, into: shard.batch) }
  }

  /// What the shards have put out, in order, when nothing is under way between them any more.
  package func drain(
    at now: MonotonicInstant, datagram: ([UInt8], _ from: Endpoint, _ to: Endpoint) throws -> Void,
    event: (EngineEvent) throws -> Void
  ) throws {
    carryLinks(at: now)
    for shard in shards {
      shard.sent.take(shard.batch, of: shard.slab)
      let datagrams = shard.sent.datagrams
      shard.sent.datagrams.removeAll()
      for (bytes, destination) in datagrams { try datagram(bytes, shard.endpoint, destination) }
      for found in shard.engine.takeEvents() {
        guard case .broadcast(let connections, let message) = found else {
          try event(found)
          continue
        }
        for connection in connections { try event(.send(connection, message)) }
      }
    }
  }

  private func carryLinks(at now: MonotonicInstant) {
    var isBusy = true
    while isBusy {
      isBusy = false
      for (index, shard) in shards.enumerated() {
        for envelope in shard.engine.takeLinkMessages() {
          isBusy = true
          let target = shards[envelope.shard]
          target.engine.handle(envelope.message, from: index, at: now, into: target.batch)
        }
        for (ring, target) in zip(rings[index], shards) {
          guard let ring else { continue }
          _ = ring.publish()
          let count = ring.drain { record, bytes in
            target.engine.receive(record, bytes, from: index, at: now, into: target.batch)
            target.engine.forwardBurst(into: target.batch)
            return true
          }
          if count > 0 { isBusy = true }
        }
      }
    }
  }
}
