package import DTLS
package import DatagramIO
import Forwarding
package import RelayControl
package import RelayEngine
package import Signaling
import Synchronization
package import WireBytes

/// All shards of the relay, and the way of the control layer to them.
package final class ShardSet: EngineGateway {
  /// Copies of one packet for a full room must fit into what is left of a batch when it is flushed: twice the largest
  /// room.
  package static let batchCapacity = 2048
  /// Slots that are not in a batch: received ones and those an engine holds for a moment.
  private static let spareSlots = 512

  package let placement: RoomPlacement
  private let loops: [DatagramLoop<ShardHandler>]
  private let ready = Atomic(false)
  /// See `EventRouter` for why the closure is wrapped.
  private struct Page: Sendable {
    let render: @Sendable ([ShardSnapshot]) -> String
  }

  private let page = Mutex<Page?>(nil)

  /// Opens nothing: `ports` are open already, one for each shard.
  package init(
    ports: [UDPPort], configuration: RelayConfiguration, advertised: [Endpoint], identity: DTLSIdentity,
    clock: WallClock, random: RandomSource, deliver: @escaping @Sendable (EngineEvent) -> Void
  ) {
    let placement = RoomPlacement(shardCount: ports.count, membersPerShard: configuration.membersPerShard)
    self.placement = placement
    let trimmer = HeapTrimmer()
    loops = ports.enumerated().map { index, port in
      var settings = configuration.engine.configuration(
        advertised: advertised.map { Endpoint(high: $0.high, low: $0.low, port: port.local.port) })
      settings.shard = index
      let engine = settings
      return DatagramLoop(
        label: "shard.\(index)", port: port, slabCapacity: Self.batchCapacity + Self.spareSlots,
        batchCapacity: Self.batchCapacity, pacing: configuration.pacing
      ) { slab in
        ShardHandler(
          engine: ShardEngine(
            configuration: engine, slab: slab, identity: identity, clock: clock, random: random),
          shard: index, placement: placement, trimmer: trimmer, deliver: deliver)
      }
    }
    link(ringBytes: configuration.linkBufferBytes)
  }

  package var count: Int { loops.count }
  package var ports: [UInt16] { loops.map(\.local.port) }

  /// How `/metrics` looks; set once before the control layer listens.
  package func setMetricsPage(_ render: @escaping @Sendable ([ShardSnapshot]) -> String) {
    page.withLock { $0 = Page(render: render) }
  }

  /// Joins every shard to every other, before any of them reads.
  private func link(ringBytes: Int) {
    guard loops.count > 1 else { return }
    let rings = loops.indices.map { source in
      loops.indices.map { target in source == target ? nil : LinkRing(capacity: ringBytes) }
    }
    for (index, loop) in loops.enumerated() {
      loop.perform { [loops] handler, _, _ in
        handler.connect(loops, outgoing: rings[index], incoming: rings.map { $0[index] })
      }
    }
  }

  package func start() {
    for loop in loops { loop.start() }
    ready.store(true, ordering: .releasing)
  }

  /// Tells every shard to say goodbye to its members and to take nobody in any more. Health says not ready from now on.
  package func drain() {
    ready.store(false, ordering: .releasing)
    for loop in loops { loop.perform { handler, now, batch in handler.handle(.drain, at: now, into: batch) } }
  }

  /// When it returns, nothing runs on the shards any more.
  package func stop() async {
    ready.store(false, ordering: .releasing)
    for loop in loops { await loop.finish() }
  }

  package func snapshots() async -> [ShardSnapshot] {
    var result: [ShardSnapshot] = []
    for loop in loops {
      result.append(
        await loop.query { handler, loop in
          ShardSnapshot(engine: handler.engine.counters, gauges: handler.engine.gauges, loop: loop)
        })
    }
    return result
  }

  package func submit(_ command: EngineCommand, shard: Int) {
    loops[shard].perform { handler, now, batch in handler.handle(command, at: now, into: batch) }
  }

  package func place(_ join: Join) -> ShardSeat { placement.place(join.room, former: join.formerShard) }

  package func metricsText() async -> String {
    let snapshots = await snapshots()
    return page.withLock { $0 }?.render(snapshots) ?? ""
  }

  package var isReady: Bool { ready.load(ordering: .acquiring) }
}

extension Join {
  /// What the resume token says of the member's shard. The token is the client's: it may say anything.
  fileprivate var formerShard: Int? {
    guard let resume, let end = resume.firstIndex(of: ".") else { return nil }
    return Int(resume[..<end])
  }
}
