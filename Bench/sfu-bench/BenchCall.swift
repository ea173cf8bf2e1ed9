import DTLS
import DatagramIO
import HopCrypto
import RTP
import RelayEngine
import SDP
import SRTP
import Signaling
import WireBytes

/// One publisher's video and N subscribers in a room of one engine: real ICE, DTLS and SRTP, no sockets.
final class BenchCall {
  /// Three times the deadline of a rekey.
  private static let epochTime = TimeInterval.seconds(6)

  let engine: ShardEngine
  let slab: PacketSlab
  let batch: EgressBatch
  let publisher: BenchPeer
  private(set) var now = MonotonicClock.now()
  private var number = 0
  /// Of the publisher's packets, header included, tag not.
  private let packetBytes: Int
  /// Packets of the publisher that are protected and wait to be received.
  private var waiting: [PacketSlot] = []
  private var expected: UInt64 = 0

  /// `endpoints`: where the subscribers are, else at addresses of no consequence. `relay`: the engine's own address.
  init(
    subscribers: Int, packetBytes: Int, relay: Endpoint = Endpoint(ipv4: 0x7F00_0001, port: 10_000),
    publisherAt source: Endpoint? = nil, endpoints: [Endpoint] = []
  ) throws {
    slab = PacketSlab(capacity: 8_192)
    batch = EgressBatch(capacity: 4_096)
    self.packetBytes = packetBytes
    var configuration = EngineConfiguration(advertised: [relay])
    configuration.consentTimeout = .seconds(86_400)
    engine = ShardEngine(
      configuration: configuration, slab: slab, identity: try DTLSIdentity(), clock: MonotonicClock.wallClock(),
      random: .openSSL)
    guard let room = RoomID(bytes: [UInt8](repeating: 7, count: 16)) else { preconditionFailure() }
    publisher = try BenchPeer(number: 0, slots: 0, at: source)
    try publisher.connect(to: engine, room: room, batch: batch, at: &now)
    publisher.publish(on: engine, batch: batch, at: now)
    for index in 1...subscribers {
      let peer = try BenchPeer(number: index, slots: 1, at: index <= endpoints.count ? endpoints[index - 1] : nil)
      try peer.connect(to: engine, room: room, batch: batch, at: &now)
    }
    executeEpoch()
    waiting.reserveCapacity(64)
  }

  /// Pictures are for members of an executed epoch only. Nobody says that it is ready, so each takes until its deadline.
  private func executeEpoch() {
    let end = now + Self.epochTime
    while now < end {
      now = now + .milliseconds(100)
      engine.expire(at: now, into: batch)
      for index in 0..<batch.count { slab.release(batch[index].slot) }
      batch.removeAll()
    }
    _ = engine.takeEvents()
  }

  /// Protects the publisher's next packets.
  func prepare(_ count: Int) throws {
    for _ in 0..<count {
      guard let slot = slab.take() else { throw BenchError.slabExhausted }
      try fill(slot)
      waiting.append(slot)
    }
  }

  /// Hands the engine what is prepared; what it puts out lies in the batch.
  func receive() {
    for slot in waiting {
      now = now + .milliseconds(1)
      engine.collect(slot, from: publisher.endpoint, at: now, into: batch)
    }
    engine.forwardBurst(into: batch)
  }

  /// Hands the prepared packets out instead, to be sent over a socket.
  func takePrepared() -> [PacketSlot] {
    defer { waiting.removeAll(keepingCapacity: true) }
    return waiting
  }

  /// Empties the batch; throws when the packets were not all forwarded.
  func clear(forwarded: Int) throws {
    waiting.removeAll(keepingCapacity: true)
    for index in 0..<batch.count { slab.release(batch[index].slot) }
    batch.removeAll()
    expected += UInt64(forwarded)
    guard engine.counters.packetsForwarded == expected else {
      throw BenchError.missing(engine.counters.packetsForwarded, of: expected)
    }
  }

  private func fill(_ slot: PacketSlot) throws {
    guard let sender = publisher.sender else { throw BenchError.noHop }
    var header = EgressHeader(
      marker: true, payloadType: PayloadType(96), sequenceNumber: UInt16(truncatingIfNeeded: number),
      timestamp: UInt32(truncatingIfNeeded: number) &* 3_000, ssrc: publisher.ssrc)
    header.ids.dependencyDescriptor = ClientOffer.extensions.dependencyDescriptor
    let descriptor = DependencyDescriptorWriter.write(
      startOfFrame: true, endOfFrame: true, isKeyFrame: number == 0, frameNumber: UInt16(truncatingIfNeeded: number),
      width: 1_280, height: 720)
    number += 1
    let length = slab.edit(slot) { bytes in
      let offset = header.write(into: &bytes, dependencyDescriptor: descriptor.span)
      for index in offset..<packetBytes { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
      return packetBytes
    }
    let sealed = try slab.edit(slot) { (bytes) throws(SRTPError) in try sender.protectRTP(&bytes, length: length) }
    slab.setLength(sealed, of: slot)
  }
}

enum BenchError: Error, CustomStringConvertible {
  case noHop, slabExhausted
  case missing(UInt64, of: UInt64)
  case lost(Int, of: Int)
  case socket(String)

  var description: String {
    switch self {
    case .noHop: "a bench peer could not complete ICE and DTLS with the engine"
    case .slabExhausted: "the slab of the bench has no free slot"
    case .missing(let forwarded, let expected): "\(forwarded) of \(expected) packets were forwarded"
    case .lost(let arrived, let sent): "\(arrived) of \(sent) datagrams arrived"
    case .socket(let reason): "no socket on loopback: \(reason)"
    }
  }
}
