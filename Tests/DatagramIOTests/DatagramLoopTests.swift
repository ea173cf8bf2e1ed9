import DatagramIO
import Synchronization
import Testing
import WireBytes

/// Echoes everything, and signals deadlines and turns through streams so that tests wait for events, not for time.
private final class EchoHandler: DatagramHandler {
  let slab: PacketSlab
  let fired: AsyncStream<MonotonicInstant>.Continuation
  var nextDeadline = MonotonicInstant.never
  /// The deadline that every datagram sets anew.
  var delay: TimeInterval?
  var turns = 0
  let linked = Atomic<Bool>(false)

  init(slab: PacketSlab, fired: AsyncStream<MonotonicInstant>.Continuation) {
    self.slab = slab
    self.fired = fired
  }

  func receive(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    if let delay { nextDeadline = now + delay }
    if !batch.append(slot, to: endpoint) { slab.release(slot) }
  }

  func receiveLinked(
    at now: MonotonicInstant, into batch: EgressBatch, arrived: (MonotonicInstant) -> Void
  ) -> Int {
    guard linked.exchange(false, ordering: .acquiringAndReleasing) else { return 0 }
    fired.yield(now)
    return 1
  }

  func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    nextDeadline = .never
    fired.yield(now)
  }

  func drained(at now: MonotonicInstant) { turns += 1 }
}

struct DatagramLoopTests {
  private func makeLoop(_ pacing: ReadPacing = .immediate) throws -> (
    loop: DatagramLoop<EchoHandler>, fired: AsyncStream<MonotonicInstant>
  ) {
    let (stream, continuation) = AsyncStream.makeStream(of: MonotonicInstant.self)
    let port = try UDPPort(
      binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
    let loop = DatagramLoop(label: "echo", port: port, slabCapacity: 512, batchCapacity: 128, pacing: pacing) {
      EchoHandler(slab: $0, fired: continuation)
    }
    return (loop, stream)
  }

  @Test(.timeLimit(.minutes(1))) func `every datagram is echoed and its latency counted`() async throws {
    let (loop, _) = try makeLoop()
    loop.start()
    let slab = PacketSlab(capacity: 512)
    let batch = EgressBatch(capacity: 256)
    let client = try UDPPort(
      binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
    for index in 0..<200 {
      let slot = try #require(slab.take())
      slab.fill(slot, with: [UInt8](repeating: UInt8(index), count: 300))
      #expect(batch.append(slot, to: loop.local))
    }
    client.send(batch, releasing: slab)
    var echoed: [UInt8] = []
    while echoed.count < 200 {
      client.receive(into: slab) { slot, _, _ in
        echoed.append(slab.read(slot) { $0[0] })
        slab.release(slot)
      }
      await Task.yield()
    }
    #expect(echoed == (0..<200).map { UInt8($0) })
    let snapshot = await loop.query { _, snapshot in snapshot }
    #expect(snapshot.port.received == 200)
    #expect(snapshot.port.sent == 200)
    #expect(snapshot.latency.count == 200)
    #expect(snapshot.slabInUse == 0)
    loop.stop()
  }

  @Test(.timeLimit(.minutes(1))) func `the timer fires at the deadline, also when a nearer one replaces it`()
    async throws
  {
    let (loop, fired) = try makeLoop()
    loop.start()
    let start = MonotonicClock.now()
    loop.perform { handler, now, _ in handler.nextDeadline = now + .seconds(3600) }
    loop.perform { handler, now, _ in handler.nextDeadline = now + .milliseconds(20) }
    var iterator = fired.makeAsyncIterator()
    let first = try #require(await iterator.next())
    #expect(first.milliseconds(since: start) >= 20)
    #expect(first.milliseconds(since: start) < 2000)
    loop.perform { handler, now, _ in handler.nextDeadline = now }
    #expect(await iterator.next() != nil)
    loop.stop()
  }

  @Test(.timeLimit(.minutes(1))) func `what perform puts into the batch leaves at once`() async throws {
    let (loop, _) = try makeLoop()
    loop.start()
    let client = try UDPPort(
      binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
    let target = client.local
    loop.perform { handler, _, batch in
      guard let slot = handler.slab.take() else { return }
      handler.slab.fill(slot, with: [42])
      _ = batch.append(slot, to: target)
    }
    let turns = await loop.query { handler, _ in handler.turns }
    #expect(turns == 1)
    let slab = PacketSlab(capacity: 64)
    var received: [[UInt8]] = []
    client.receive(into: slab) { slot, _, _ in
      received.append(slab.read(slot) { $0.toArray() })
      slab.release(slot)
    }
    #expect(received == [[42]])
    loop.stop()
  }

  @Test(.timeLimit(.minutes(1))) func `a finished loop has run all that it was given, and runs nothing after it`()
    async throws
  {
    let (loop, _) = try makeLoop()
    loop.start()
    let done = Atomic(0)
    for _ in 0..<500 { loop.perform { _, _, _ in done.wrappingAdd(1, ordering: .relaxed) } }
    await loop.finish()
    #expect(done.load(ordering: .relaxed) == 500)
    loop.perform { _, _, _ in done.wrappingAdd(1, ordering: .relaxed) }
    // The queue is serial: this answer comes after what was just given.
    _ = await loop.query { _, _ in 0 }
    #expect(done.load(ordering: .relaxed) == 500)
  }

  @Test(.timeLimit(.minutes(1))) func `a stopped loop releases its handler and its port`() async throws {
    weak var handler: EchoHandler?
    let local: Endpoint
    do {
      let (loop, _) = try makeLoop()
      local = loop.local
      loop.start()
      handler = await loop.query { handler, _ in Weak(handler) }.object
      #expect(handler != nil)
      loop.stop()
      // The queue is serial: this answer comes after the stop.
      _ = await loop.query { _, _ in 0 }
    }
    while handler != nil { await Task.yield() }
    // The address is free again once the cancelled source has let the port go.
    while true {
      if (try? UDPPort(binding: local, receiveBufferBytes: 0, sendBufferBytes: 0)) != nil { break }
      await Task.yield()
    }
  }
}

/// A loop of a shard's kind waits for packets while it holds its queue: whoever needs the queue must still get it.
struct DatagramLoopHoldTests {
  /// Reads on a tick from the first packets on, or never.
  static let paces: [ReadPacing] = [
    .adaptive(interval: .microseconds(500), busyRate: 1_000_000), .adaptive(interval: .microseconds(500), busyRate: 1),
  ]

  private struct Scene {
    let loop: DatagramLoop<EchoHandler>
    var fired: AsyncStream<MonotonicInstant>.Iterator
    let client: UDPPort
    let slab = PacketSlab(capacity: 128)
    let batch = EgressBatch(capacity: 64)

    init(_ pacing: ReadPacing) throws {
      let (stream, continuation) = AsyncStream.makeStream(of: MonotonicInstant.self)
      let loopback = Endpoint(ipv4: 0x7F00_0001, port: 0)
      let port = try UDPPort(binding: loopback, receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
      loop = DatagramLoop(label: "hold", port: port, slabCapacity: 256, batchCapacity: 128, pacing: pacing) {
        EchoHandler(slab: $0, fired: continuation)
      }
      fired = stream.makeAsyncIterator()
      client = try UDPPort(binding: loopback, receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
      loop.start()
    }

    /// Sends one datagram and waits for its echo: after it the loop holds its queue.
    func exchange() async throws {
      let slot = try #require(slab.take())
      slab.fill(slot, with: [1, 2, 3])
      #expect(batch.append(slot, to: loop.local))
      client.send(batch, releasing: slab)
      while client.receive(into: slab, { slot, _, _ in slab.release(slot) }) == 0 { await Task.yield() }
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: paces)
  func `commands, deadlines and other loops are served between packets`(_ pacing: ReadPacing) async throws {
    var scene = try Scene(pacing)
    for round in 0..<200 {
      try await scene.exchange()
      switch round % 4 {
      case 0: #expect(await scene.loop.query { handler, _ in handler.turns } > 0)
      case 1:
        scene.loop.perform { handler, _, _ in handler.nextDeadline = MonotonicClock.now() + .milliseconds(1) }
        #expect(await scene.fired.next() != nil)
      case 2:
        // Set by a packet, so while the queue is held.
        _ = await scene.loop.query { handler, _ in handler.delay = .milliseconds(2) }
        try await scene.exchange()
        #expect(await scene.fired.next() != nil)
        _ = await scene.loop.query { handler, _ in handler.delay = nil }
      default:
        // Another loop's thread, as it were.
        let loop = scene.loop
        let handler = await loop.query { handler, _ in Weak(handler) }
        try await scene.exchange()
        handler.object?.linked.store(true, ordering: .releasing)
        loop.wake()
        #expect(await scene.fired.next() != nil)
      }
    }
    let snapshot = await scene.loop.query { _, snapshot in snapshot }
    #expect(snapshot.port.received == 300)
    #expect(snapshot.port.sent == 300)
    #expect(snapshot.slabInUse == 0)
    scene.loop.stop()
  }

  @Test(.timeLimit(.minutes(1)), arguments: paces)
  func `a loop that is stopped while it waits for packets lets its port go`(_ pacing: ReadPacing) async throws {
    let local: Endpoint
    do {
      let scene = try Scene(pacing)
      local = scene.loop.local
      for _ in 0..<50 { try await scene.exchange() }
      scene.loop.stop()
    }
    while (try? UDPPort(binding: local, receiveBufferBytes: 0, sendBufferBytes: 0)) == nil { await Task.yield() }
  }
}

private struct Weak: @unchecked Sendable {
  weak var object: EchoHandler?
  init(_ object: EchoHandler) { self.object = object }
}
