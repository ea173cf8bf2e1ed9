import DatagramIO
import Synchronization
import Testing
import WireBytes

/// Echoes everything, and signals deadlines and turns through streams so that tests wait for events, not for time.
private final class EchoHandler: DatagramHandler {
  let slab: PacketSlab
  let fired: AsyncStream<MonotonicInstant>.Continuation
  var nextDeadline = MonotonicInstant.never
  var turns = 0

  init(slab: PacketSlab, fired: AsyncStream<MonotonicInstant>.Continuation) {
    self.slab = slab
    self.fired = fired
  }

  func receive(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    if !batch.append(slot, to: endpoint) { slab.release(slot) }
  }

  func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    nextDeadline = .never
    fired.yield(now)
  }

  func drained(at now: MonotonicInstant) { turns += 1 }
}

struct DatagramLoopTests {
  private func makeLoop() throws -> (loop: DatagramLoop<EchoHandler>, fired: AsyncStream<MonotonicInstant>) {
    let (stream, continuation) = AsyncStream.makeStream(of: MonotonicInstant.self)
    let port = try UDPPort(
      binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
    let loop = DatagramLoop(label: "echo", port: port, slabCapacity: 512, batchCapacity: 128) {
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

private struct Weak: @unchecked Sendable {
  weak var object: EchoHandler?
  init(_ object: EchoHandler) { self.object = object }
}
