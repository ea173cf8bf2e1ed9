import Forwarding
import RTP
import SDP
import WireBytes

/// Parsing an RTP packet and writing the header of a copy, as they are done for each packet and for each copy.
enum HeaderBench {
  /// The publisher's packet: one-byte extensions with mid, audio level and Dependency Descriptor.
  private static func packet(in slab: PacketSlab) -> PacketSlot {
    guard let slot = slab.take() else { preconditionFailure("a new slab has no slot") }
    var header = EgressHeader(
      marker: true, payloadType: PayloadType(96), sequenceNumber: 1, timestamp: 90_000, ssrc: SSRC(7))
    header.ids = ids
    header.mid = ShortText("0")
    header.audioLevel = 0x55
    let descriptor = DependencyDescriptorWriter.write(
      startOfFrame: true, endOfFrame: true, isKeyFrame: false, frameNumber: 9, width: 1_280, height: 720)
    let length = slab.edit(slot) { header.write(into: &$0, dependencyDescriptor: descriptor.span) }
    slab.setLength(length + 1_100, of: slot)
    return slot
  }

  private static var ids: HeaderExtensionIDs {
    var ids = HeaderExtensionIDs()
    ids.mid = ClientOffer.extensions.mid
    ids.audioLevel = ClientOffer.extensions.audioLevel
    ids.dependencyDescriptor = ClientOffer.extensions.dependencyDescriptor
    return ids
  }

  /// RTP header, header extensions, Dependency Descriptor.
  static func parse(meter: Meter) throws -> Cost {
    let slab = PacketSlab(capacity: 4)
    let slot = packet(in: slab)
    let ids = ids
    let workload = Workload(run: { count in
      for _ in 0..<count { blackHole(parseOne(slot, slab, ids)) }
    })
    return try meter.measure(workload, units: 1_000, rounds: 50, traced: 8)
  }

  @inline(never)
  private static func parseOne(_ slot: PacketSlot, _ slab: PacketSlab, _ ids: HeaderExtensionIDs) -> Int {
    slab.read(slot) { bytes in
      guard let header = try? RTPHeader(parsing: bytes),
        let extensions = try? HeaderExtensions(scanning: bytes, header: header, ids: ids),
        let descriptor = try? DependencyDescriptor(parsing: bytes.extracting(extensions.dependencyDescriptor))
      else { preconditionFailure("the bench's own packet does not parse") }
      return header.headerLength + extensions.audioLevel.lowerBound + Int(descriptor.frameNumber)
    }
  }

  /// Sequence number, timestamp and frame number, then the header with its extensions.
  static func rewrite(meter: Meter) throws -> Cost {
    let slab = PacketSlab(capacity: 4)
    let slot = packet(in: slab)
    guard let target = slab.take() else { throw BenchError.slabExhausted }
    let kept = Kept()
    let ids = ids
    let workload = Workload(run: { count in
      // In a local variable: the relay pays for no check of exclusive access either.
      var leg = kept.leg
      for _ in 0..<count { blackHole(rewriteOne(slot, target, slab, ids, &leg)) }
      kept.leg = leg
    })
    return try meter.measure(workload, units: 1_000, rounds: 50, traced: 8)
  }

  private final class Kept {
    var leg = LegNumbers()
  }

  private struct LegNumbers {
    var source: UInt16 = 0
    var sequence = SequenceRewriter(first: 100)
    var timestamp = TimestampRewriter(first: 200)
    var frameNumber = FrameNumberRewriter()
    let mid = ShortText("3")
  }

  @inline(never)
  private static func rewriteOne(
    _ source: PacketSlot, _ target: PacketSlot, _ slab: PacketSlab, _ ids: HeaderExtensionIDs,
    _ leg: inout LegNumbers
  ) -> Int {
    leg.source &+= 1
    guard let sequence = leg.sequence.rewrite(leg.source) else { preconditionFailure("a rising number was refused") }
    var header = EgressHeader(
      marker: true, payloadType: PayloadType(97), sequenceNumber: sequence,
      timestamp: leg.timestamp.rewrite(UInt32(leg.source) &* 3_000), ssrc: SSRC(9))
    header.ids = ids
    header.mid = leg.mid
    header.frameNumber = leg.frameNumber.rewrite(leg.source)
    return slab.read(source) { bytes in
      let descriptor = bytes.extracting(24..<28)
      return slab.edit(target) { header.write(into: &$0, dependencyDescriptor: descriptor) }
    }
  }
}

/// Keeps a result from being optimized away.
@inline(never)
func blackHole(_ value: Int) {
  if value == .min { print(value) }
}
