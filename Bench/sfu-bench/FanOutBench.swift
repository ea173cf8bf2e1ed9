import CRuntimeCounters
import DTLS
import DatagramIO
import HopCrypto
import RTP
import RelayEngine
import SRTP
import Signaling
import WireBytes

/// One publisher, N subscribers: datagrams in, protected datagrams in the batch. Sockets are left out.
struct FanOutBench {
  struct Result {
    let subscribers: Int
    let payloadBytes: Int
    let forwarded: UInt64
    let nanoseconds: UInt64
    let swiftAllocations: UInt64
    let mallocs: UInt64

    func per(_ count: UInt64) -> Double { forwarded == 0 ? .infinity : Double(count) / Double(forwarded) }
  }

  /// Three times the deadline of a rekey.
  private static let epochTime = TimeInterval.seconds(6)

  let subscribers: Int
  let payloadBytes: Int

  func run(packets: Int) throws -> Result {
    var now = MonotonicClock.now()
    let slab = PacketSlab(capacity: 4_096)
    let batch = EgressBatch(capacity: 2_048)
    var configuration = EngineConfiguration(advertised: [Endpoint(ipv4: 0x7F00_0001, port: 10_000)])
    configuration.consentTimeout = .seconds(86_400)
    let engine = ShardEngine(
      configuration: configuration, slab: slab, identity: try DTLSIdentity(), clock: MonotonicClock.wallClock(),
      random: .openSSL)
    guard let room = RoomID(bytes: [UInt8](repeating: 7, count: 16)) else { preconditionFailure() }
    let publisher = try BenchPeer(number: 0, slots: 0)
    try publisher.connect(to: engine, room: room, batch: batch, at: &now)
    publisher.publish(on: engine, batch: batch, at: now)
    for number in 1...subscribers {
      try BenchPeer(number: number, slots: 1).connect(to: engine, room: room, batch: batch, at: &now)
    }
    executeEpoch(engine, batch: batch, now: &now)
    // The first packets settle tables and caches; they are not counted.
    _ = try pump(engine, publisher, from: 0, count: 200, batch: batch, now: &now)
    return try pump(engine, publisher, from: 200, count: packets, batch: batch, now: &now)
  }

  /// Pictures are for members of an executed epoch only. Nobody says that it is ready, so each takes until its deadline.
  private func executeEpoch(_ engine: ShardEngine, batch: EgressBatch, now: inout MonotonicInstant) {
    let end = now + Self.epochTime
    while now < end {
      now = now + .milliseconds(100)
      engine.expire(at: now, into: batch)
      for index in 0..<batch.count { engine.slab.release(batch[index].slot) }
      batch.removeAll()
    }
    _ = engine.takeEvents()
  }

  private func pump(
    _ engine: ShardEngine, _ publisher: BenchPeer, from first: Int, count: Int, batch: EgressBatch,
    now: inout MonotonicInstant
  ) throws -> Result {
    guard let sender = publisher.sender else { throw BenchError.noHop }
    let payload = (0..<payloadBytes).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var (nanoseconds, allocations, mallocs) = (UInt64(0), UInt64(0), UInt64(0))
    let forwardedBefore = engine.counters.packetsForwarded
    for number in first..<(first + count) {
      guard let slot = engine.slab.take() else { break }
      try fill(slot, of: engine.slab, number: number, ssrc: publisher.ssrc, payload: payload, sender: sender)
      now = now + .milliseconds(1)
      let (a, m) = (runtime_counters_swift_allocations(), runtime_counters_mallocs())
      let start = CPUClock.nanoseconds()
      engine.receive(slot, from: publisher.endpoint, at: now, into: batch)
      nanoseconds += CPUClock.nanoseconds() - start
      allocations += runtime_counters_swift_allocations() - a
      mallocs += runtime_counters_mallocs() - m
      for index in 0..<batch.count { engine.slab.release(batch[index].slot) }
      batch.removeAll()
    }
    return Result(
      subscribers: subscribers, payloadBytes: payloadBytes,
      forwarded: engine.counters.packetsForwarded - forwardedBefore, nanoseconds: nanoseconds,
      swiftAllocations: allocations, mallocs: mallocs)
  }

  private func fill(
    _ slot: PacketSlot, of slab: PacketSlab, number: Int, ssrc: SSRC, payload: [UInt8], sender: SRTPSender
  ) throws {
    var header = EgressHeader(
      marker: true, payloadType: PayloadType(96), sequenceNumber: UInt16(truncatingIfNeeded: number),
      timestamp: UInt32(number) &* 3_000, ssrc: ssrc)
    header.ids.dependencyDescriptor = DescriptorID.value
    let descriptor = DependencyDescriptorWriter.write(
      startOfFrame: true, endOfFrame: true, isKeyFrame: number % 300 == 0,
      frameNumber: UInt16(truncatingIfNeeded: number), width: 1_280, height: 720)
    let length = slab.edit(slot) { bytes in
      let offset = header.write(into: &bytes, dependencyDescriptor: descriptor.span)
      for index in payload.indices { bytes[offset + index] = payload[index] }
      return offset + payload.count
    }
    let sealed = try slab.edit(slot) { (bytes) throws(SRTPError) in try sender.protectRTP(&bytes, length: length) }
    slab.setLength(sealed, of: slot)
  }
}
