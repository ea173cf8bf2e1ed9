import DatagramIO
import RelayEngine
import WireBytes

/// The same over loopback sockets: `recvmmsg`, the engine, UDP_SEGMENT runs and `sendmmsg`. Wake-ups are left out.
final class SocketBench {
  /// Packets of the publisher that one read finds: a small video frame.
  static let burst = 8

  private let relay: UDPPort
  private let source: UDPPort
  private let sinks: [UDPPort]
  private let call: BenchCall
  private let outgoing = EgressBatch(capacity: 64)
  private let drain = PacketSlab(capacity: 128)

  init(subscribers: Int, packetBytes: Int) throws {
    func open() throws -> UDPPort {
      do throws(UDPPortError) {
        return try UDPPort(
          binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 22)
      } catch {
        throw BenchError.socket("\(error)")
      }
    }
    relay = try open()
    source = try open()
    sinks = try (0..<subscribers).map { _ in try open() }
    call = try BenchCall(
      subscribers: subscribers, packetBytes: packetBytes, relay: relay.local,
      publisherAt: source.local,
      endpoints: sinks.map(\.local))
    relay.prepare(batchCapacity: call.batch.capacity)
    call.batch.outlet = { [relay, unowned call] in relay.send(call.batch, releasing: call.slab) }
  }

  /// The cost of a packet in and all its copies, for each copy.
  func run(meter: Meter) throws -> Cost {
    let workload = Workload(
      prepare: { [self] in try send($0) }, run: { [self] in relay($0) }, finish: { [self] in try collect($0) })
    return try meter.measure(workload, units: Self.burst, rounds: max(40, 2_000 / sinks.count), traced: 0)
      .divided(by: Double(sinks.count))
  }

  private func send(_ count: Int) throws {
    try call.prepare(count)
    for slot in call.takePrepared() { _ = outgoing.append(slot, to: relay.local) }
    source.send(outgoing, releasing: call.slab)
  }

  private func relay(_ count: Int) {
    var received = 0
    // Loopback delivers within the send call; a packet that is missing ends the loop and is found by `collect`.
    while received < count {
      let more = relay.receive(into: call.slab) { slot, from, now in
        call.engine.collect(slot, from: from, at: now, into: call.batch)
      }
      call.engine.forwardBurst(into: call.batch)
      guard more > 0 else { break }
      received += more
    }
    relay.send(call.batch, releasing: call.slab)
  }

  private func collect(_ count: Int) throws {
    try call.clear(forwarded: count * sinks.count)
    var arrived = 0
    for sink in sinks {
      while sink.receive(into: drain, { slot, _, _ in drain.release(slot) }) > 0 {}
      arrived += Int(sink.counters.received)
    }
    let sent = Int(relay.counters.sent)
    guard arrived == sent else { throw BenchError.lost(arrived, of: sent) }
  }
}
