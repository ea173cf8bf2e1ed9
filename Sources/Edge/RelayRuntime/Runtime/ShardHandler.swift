import DatagramIO
import RelayEngine
import Signaling
package import WireBytes

/// Puts one `ShardEngine` under a `DatagramLoop`, and hands its events on once per turn.
package final class ShardHandler: DatagramHandler {
  let engine: ShardEngine
  private let placement: RoomPlacement
  private let deliver: @Sendable (EngineEvent) -> Void
  private var handledJoins: [RoomID] = []

  /// `deliver` must not block: it is called on the shard's queue.
  init(engine: ShardEngine, placement: RoomPlacement, deliver: @escaping @Sendable (EngineEvent) -> Void) {
    self.engine = engine
    self.placement = placement
    self.deliver = deliver
  }

  package var nextDeadline: MonotonicInstant { engine.nextDeadline }

  package func receive(
    _ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    engine.receive(slot, from: endpoint, at: now, into: batch)
  }

  package func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    engine.expire(at: now, into: batch)
  }

  func handle(_ command: EngineCommand, at now: MonotonicInstant, into batch: EgressBatch) {
    engine.handle(command, at: now, into: batch)
    if case .join(_, let join) = command { handledJoins.append(join.join.room) }
  }

  package func drained(at now: MonotonicInstant) {
    for event in engine.takeEvents() {
      switch event {
      case .roomOpened(let room): placement.opened(room)
      case .roomClosed(let room): placement.closed(room)
      default: break
      }
      deliver(event)
    }
    guard !handledJoins.isEmpty else { return }
    // After the events: only then does the placement know whether the join opened the room.
    for room in handledJoins { placement.joinHandled(room) }
    handledJoins.removeAll(keepingCapacity: true)
  }
}
