import CNetLinux
import DatagramIO
import Glibc
import Testing
import WireBytes

/// Two ports on loopback; reads are bounded by rounds, never by sleeping. Loopback delivers before `send` returns, or a
/// moment later on a busy machine.
struct UDPPortTests {
  static let loopback = Endpoint(ipv4: 0x7F00_0001, port: 0)

  private func port(_ endpoint: Endpoint = loopback) throws -> UDPPort {
    try UDPPort(binding: endpoint, receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
  }

  private func enqueue(_ packets: [[UInt8]], to target: Endpoint, slab: PacketSlab, batch: EgressBatch) throws {
    for packet in packets {
      let slot = try #require(slab.take())
      slab.fill(slot, with: packet)
      #expect(batch.append(slot, to: target))
    }
  }

  private func drain(_ port: UDPPort, slab: PacketSlab) -> [(bytes: [UInt8], source: Endpoint)] {
    var result: [(bytes: [UInt8], source: Endpoint)] = []
    let event = cnet_event()
    defer { _ = cnet_close(event) }
    // Nothing more comes when the socket stays quiet for this long.
    while cnet_wait_readable(port.fileDescriptor, event, 50_000_000) {
      port.receive(into: slab) { slot, source, _ in
        result.append((slab.read(slot) { $0.toArray() }, source))
        slab.release(slot)
      }
    }
    return result
  }

  @Test func `a port that notes arrival says when a datagram came, not when it was read`() throws {
    let sender = try port()
    let receiver = try UDPPort(
      binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 16, sendBufferBytes: 1 << 16,
      notesArrival: true)
    let slab = PacketSlab(capacity: 64)
    let batch = EgressBatch(capacity: 8)
    let event = cnet_event()
    defer { _ = cnet_close(event) }
    // The kernel begins to note arrivals a moment after a socket asks for it; until then it says when it was asked.
    var noted = false
    for _ in 0..<200 where !noted {
      let before = MonotonicClock.now()
      try enqueue([[1, 2, 3]], to: receiver.local, slab: slab, batch: batch)
      sender.send(batch, releasing: slab)
      try #require(cnet_wait_readable(receiver.fileDescriptor, event, 10_000_000_000))
      let there = MonotonicClock.now()
      // The reader comes five milliseconds of busy work later.
      while MonotonicClock.now().nanoseconds(since: there) < 5_000_000 {}
      var arrivals: [MonotonicInstant] = []
      receiver.receive(into: slab) { slot, _, arrival in
        arrivals.append(arrival)
        slab.release(slot)
      }
      let arrival = try #require(arrivals.first)
      // Two clocks are compared, and the thread may be kept waiting between the looks at them, which makes it earlier.
      #expect(arrival + .milliseconds(50) > before)
      noted = arrival < there + .milliseconds(1)
    }
    #expect(noted)
  }

  @Test func `mixed sizes arrive complete, in order, and every slot comes back`() throws {
    let sender = try port()
    let receiver = try port()
    let slab = PacketSlab(capacity: 256)
    let batch = EgressBatch(capacity: 128)
    let sizes = [1200, 1200, 1200, 900, 120, 1200, 1200, 1300, 1, 1, 1]
    let packets = sizes.enumerated().map { index, size in [UInt8](repeating: UInt8(index), count: size) }
    try enqueue(packets, to: receiver.local, slab: slab, batch: batch)
    sender.send(batch, releasing: slab)
    #expect(batch.count == 0)
    #expect(slab.inUse == 0)
    let arrived = drain(receiver, slab: slab)
    #expect(arrived.map(\.bytes) == packets)
    #expect(arrived.allSatisfy { $0.source == sender.local })
    #expect(slab.inUse == 0)
    #expect(sender.counters.sent == UInt64(packets.count))
    #expect(sender.counters.sentBytes == UInt64(sizes.reduce(0, +)))
    #expect(receiver.counters.received == UInt64(packets.count))
    #expect(receiver.counters.receivedBytes == UInt64(sizes.reduce(0, +)))
    if sender.usesSegmentation {
      #expect(sender.counters.gsoRuns == 4)
      #expect(sender.counters.gsoDatagrams == 4 + 2 + 2 + 2)
    }
  }

  @Test func `interleaved destinations each keep their own order`() throws {
    let sender = try port()
    let receivers = try (0..<3).map { _ in try port() }
    let slab = PacketSlab(capacity: 256)
    let batch = EgressBatch(capacity: 128)
    for round in 0..<10 {
      for receiver in receivers {
        try enqueue([[UInt8(round), 7, 7]], to: receiver.local, slab: slab, batch: batch)
      }
    }
    sender.send(batch, releasing: slab)
    for receiver in receivers {
      #expect(drain(receiver, slab: slab).map { $0.bytes[0] } == Array(0..<10))
    }
    if sender.usesSegmentation { #expect(sender.counters.gsoRuns == 3) }
    #expect(sender.counters.sendCalls == 1)
  }

  @Test func `without segmentation the same datagrams arrive`() throws {
    let sender = try port()
    let receiver = try port()
    sender.usesSegmentation = false
    let slab = PacketSlab(capacity: 64)
    let batch = EgressBatch(capacity: 64)
    let packets = (0..<20).map { [UInt8](repeating: UInt8($0), count: 500) }
    try enqueue(packets, to: receiver.local, slab: slab, batch: batch)
    sender.send(batch, releasing: slab)
    #expect(drain(receiver, slab: slab).map(\.bytes) == packets)
    #expect(sender.counters.gsoRuns == 0)
  }

  @Test func `the dual-stack port talks IPv4 and shows mapped addresses`() throws {
    let dual = try port(Endpoint(high: 0, low: 0, port: 0))
    let four = try port()
    let slab = PacketSlab(capacity: 64)
    let batch = EgressBatch(capacity: 8)
    try enqueue([[1, 2, 3]], to: Endpoint(ipv4: 0x7F00_0001, port: dual.local.port), slab: slab, batch: batch)
    four.send(batch, releasing: slab)
    let request = try #require(drain(dual, slab: slab).first)
    #expect(request.source == four.local)
    try enqueue([[4, 5, 6], [4, 5, 7]], to: request.source, slab: slab, batch: batch)
    dual.send(batch, releasing: slab)
    #expect(drain(four, slab: slab).map(\.bytes) == [[4, 5, 6], [4, 5, 7]])
  }

  @Test func `a busy port is one line that says so`() throws {
    let first = try port()
    let error = #expect(throws: UDPPortError.self) { try port(first.local) }
    #expect(error?.isAddressInUse == true)
    #expect(error?.message == "cannot open UDP port \(first.local.literal): Address already in use")
  }

  @Test func `an exhausted slab sheds what waits and counts it`() throws {
    let sender = try port()
    let receiver = try port()
    let slab = PacketSlab(capacity: 8)
    let batch = EgressBatch(capacity: 8)
    try enqueue([[1], [2], [3]], to: receiver.local, slab: slab, batch: batch)
    sender.send(batch, releasing: slab)
    let empty = PacketSlab(capacity: 1)
    let held = try #require(empty.take())
    #expect(receiver.receive(into: empty) { _, _, _ in Issue.record("nothing can be delivered") } == 0)
    #expect(receiver.counters.slabDrops == 3)
    #expect(!receiver.mayHaveMore)
    empty.release(held)
  }

  @Test func `a datagram that fills its slot arrives whole`() throws {
    let sender = try port()
    let receiver = try port()
    let slab = PacketSlab(capacity: 64)
    let batch = EgressBatch(capacity: 8)
    try enqueue([[UInt8](repeating: 9, count: PacketSlab.slotSize)], to: receiver.local, slab: slab, batch: batch)
    sender.send(batch, releasing: slab)
    #expect(drain(receiver, slab: slab).first?.bytes.count == PacketSlab.slotSize)
    #expect(receiver.counters.oversized == 0)
  }

  @Test func `a datagram longer than a slot is dropped and counted`() throws {
    let receiver = try port()
    let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = receiver.local.port.bigEndian
    address.sin_addr.s_addr = receiver.local.ipv4.bigEndian
    let bytes = [UInt8](repeating: 1, count: PacketSlab.slotSize + 1)
    let sent = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe sendto(descriptor, bytes, bytes.count, 0, address, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(sent == bytes.count)
    let slab = PacketSlab(capacity: 64)
    #expect(drain(receiver, slab: slab).isEmpty)
    #expect(receiver.counters.oversized == 1)
    #expect(slab.inUse == 0)
  }

  @Test func `an unreachable destination does not stop the others`() throws {
    let sender = try port()
    let receiver = try port()
    let slab = PacketSlab(capacity: 64)
    let batch = EgressBatch(capacity: 16)
    // Port 0 is refused by the kernel (EINVAL).
    try enqueue([[1], [2]], to: Endpoint(ipv4: 0x7F00_0001, port: 0), slab: slab, batch: batch)
    try enqueue([[3], [4]], to: receiver.local, slab: slab, batch: batch)
    sender.send(batch, releasing: slab)
    #expect(drain(receiver, slab: slab).map(\.bytes) == [[3], [4]])
    #expect(sender.counters.sendErrors == 2)
    #expect(slab.inUse == 0)
  }
}
