import DatagramIO
import Forwarding
import RelayEngine
import Signaling
package import WireBytes

/// Puts one `ShardEngine` under a `DatagramLoop`, hands its events on once per turn, and carries what shards have for one
/// another: packets by rings, messages by the queues.
package final class ShardHandler: DatagramHandler {
  typealias Loop = DatagramLoop<ShardHandler>

  let engine: ShardEngine
  private let shard: Int
  private let placement: RoomPlacement
  private let trimmer: HeapTrimmer
  private let deliver: @Sendable (EngineEvent) -> Void
  /// Of the engine's handshakes, the last time it was asked.
  private var settled: UInt64 = 0
  private var loops: [Loop] = []
  /// By shard; nil for this one.
  private var outgoing: [LinkRing?] = []
  private var incoming: [LinkRing?] = []

  /// `deliver` must not block: it is called on the shard's queue.
  init(
    engine: ShardEngine, shard: Int, placement: RoomPlacement, trimmer: HeapTrimmer,
    deliver: @escaping @Sendable (EngineEvent) -> Void
  ) {
    self.engine = engine
    self.shard = shard
    self.placement = placement
    self.trimmer = trimmer
    self.deliver = deliver
  }

  /// Joins the shard to all shards, itself included in the order of `loops`.
  func connect(_ loops: [Loop], outgoing: [LinkRing?], incoming: [LinkRing?]) {
    self.loops = loops
    self.outgoing = outgoing
    self.incoming = incoming
    engine.connect(outgoing)
  }

  package var nextDeadline: MonotonicInstant { engine.nextDeadline }

  package func receive(
    _ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    engine.collect(slot, from: endpoint, at: now, into: batch)
  }

  package func settle(into batch: EgressBatch) { engine.forwardBurst(into: batch) }

  package func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    engine.expire(at: now, into: batch)
  }

  func handle(_ command: EngineCommand, at now: MonotonicInstant, into batch: EgressBatch) {
    engine.handle(command, at: now, into: batch)
  }

  package func drained(at now: MonotonicInstant) {
    // Before the events: a placement must not send a member to a shard ahead of what the shard is told of the room.
    sendLinkMessages()
    if engine.dtlsSettled != settled {
      settled = engine.dtlsSettled
      trimmer.memoryWasFreed()
    }
    for event in engine.takeEvents() {
      switch event {
      case .roomMembers(let room, let count): placement.members(count, of: room, on: shard)
      case .joinHandled(let room): placement.joinHandled(room, on: shard)
      default: deliver(event)
      }
    }
  }

  package func receiveLinked(
    at now: MonotonicInstant, into batch: EgressBatch, arrived: (MonotonicInstant) -> Void
  ) -> Int {
    var count = 0
    for (source, ring) in incoming.enumerated() {
      guard let ring, !ring.isEmpty else { continue }
      count += ring.drain { record, bytes in
        arrived(record.arrival)
        engine.receive(record, bytes, from: source, at: now, into: batch)
        return batch.count <= batch.capacity / 2
      }
      engine.forwardBurst(into: batch)
      guard batch.count <= batch.capacity / 2 else { break }
    }
    return count
  }

  package func publish() {
    for (target, ring) in outgoing.enumerated() {
      if let ring, ring.publish() { loops[target].wake() }
    }
  }

  package func sleep() -> Bool {
    var sleeps = true
    for ring in incoming {
      if let ring, !ring.sleep() { sleeps = false }
    }
    return sleeps
  }

  package func stopped() { loops = [] }

  /// One body for all that goes to the same shard in a row.
  private func sendLinkMessages() {
    let envelopes = engine.takeLinkMessages()
    var start = 0
    while start < envelopes.count {
      let target = envelopes[start].shard
      var end = start
      while end < envelopes.count, envelopes[end].shard == target { end += 1 }
      let messages = envelopes[start..<end].map(\.message)
      start = end
      guard loops.indices.contains(target) else { continue }
      loops[target].perform { [shard] handler, now, batch in
        for message in messages { handler.engine.handle(message, from: shard, at: now, into: batch) }
      }
    }
  }
}
