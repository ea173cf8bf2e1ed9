package import WireBytes

/// The order in which a batch leaves: by destination, and for each destination in runs that one UDP_SEGMENT message
/// can carry.
///
/// Pure arithmetic over memory that is allocated once. Within one destination nothing is reordered; destinations follow
/// one another in the order of their first packet.
@safe
package final class EgressPlan {
  /// Datagrams of one destination that go into one message: all of `segment` bytes but the last, which may be shorter.
  package struct Run: Sendable, Equatable {
    /// Position of the first in `order`.
    package let start: Int
    package let count: Int
    package let segment: Int
    package let bytes: Int
    /// Position in `runs` of the first run to the same destination.
    package let destinationRun: Int
  }

  /// The kernel's limit before 6.9 (UDP_MAX_SEGMENTS).
  package static let maxSegments = 64
  /// The length field of the IPv4 pseudo packet is 16 bits, headers included.
  package static let maxRunBytes = 60 * 1024

  package private(set) var capacity: Int
  private var ordered: UnsafeMutablePointer<UInt32>
  private var next: UnsafeMutablePointer<UInt32>
  private var lastOfGroup: UnsafeMutablePointer<UInt32>
  private var firstOfGroup: UnsafeMutablePointer<UInt32>
  private var buckets: UnsafeMutablePointer<Bucket>
  private var bucketMask: Int
  private var generation: UInt32 = 0
  private var planned: UnsafeMutablePointer<Run>
  package private(set) var runCount = 0
  private var groupCount = 0

  private struct Bucket {
    var generation: UInt32
    var group: UInt32
  }

  private static let none = UInt32.max

  package init(capacity: Int) {
    self.capacity = capacity
    unsafe ordered = .allocate(capacity: capacity)
    unsafe next = .allocate(capacity: capacity)
    unsafe lastOfGroup = .allocate(capacity: capacity)
    unsafe firstOfGroup = .allocate(capacity: capacity)
    unsafe planned = .allocate(capacity: capacity)
    var bucketCount = 16
    while bucketCount < capacity * 2 { bucketCount *= 2 }
    bucketMask = bucketCount - 1
    unsafe buckets = .allocate(capacity: bucketCount)
    unsafe buckets.initialize(repeating: Bucket(generation: 0, group: 0), count: bucketCount)
  }

  deinit {
    unsafe ordered.deallocate()
    unsafe next.deallocate()
    unsafe lastOfGroup.deallocate()
    unsafe firstOfGroup.deallocate()
    unsafe planned.deallocate()
    unsafe buckets.deallocate()
  }

  /// The index in the batch of the datagram at `position` of the sending order.
  package func order(_ position: Int) -> Int {
    precondition(position >= 0 && position < capacity)
    return unsafe Int(ordered[position])
  }

  package func run(_ index: Int) -> Run {
    precondition(index >= 0 && index < runCount)
    return unsafe planned[index]
  }

  /// Plans the whole batch, which holds at most `capacity` entries. `segmentation` false makes every run one datagram.
  package func plan(_ batch: EgressBatch, slab: PacketSlab, segmentation: Bool) {
    precondition(batch.count <= capacity, "the plan is smaller than the batch")
    group(batch)
    runCount = 0
    var position = 0
    for group in 0..<groupCount {
      let firstRun = runCount
      var entry = unsafe firstOfGroup[group]
      while entry != Self.none {
        let start = position
        let segment = slab.length(of: batch[Int(entry)].slot)
        var bytes = 0
        var length = segment
        // A shorter datagram ends its run; a longer one starts the next.
        repeat {
          unsafe ordered[position] = entry
          position += 1
          bytes += length
          entry = unsafe next[Int(entry)]
          guard segmentation, segment > 0, length == segment, entry != Self.none else { break }
          length = slab.length(of: batch[Int(entry)].slot)
        } while length > 0 && length <= segment && position - start < Self.maxSegments
          && bytes + length <= Self.maxRunBytes
        let run = Run(
          start: start, count: position - start, segment: segment, bytes: bytes, destinationRun: firstRun)
        unsafe (planned + runCount).initialize(to: run)
        runCount += 1
      }
    }
  }

  /// Links the entries of each destination. The table is not cleared between batches: old buckets carry an old
  /// generation.
  private func group(_ batch: EgressBatch) {
    generation &+= 1
    groupCount = 0
    for index in 0..<batch.count {
      let destination = batch[index].destination
      unsafe next[index] = Self.none
      var probe = Self.hash(destination) & bucketMask
      while true {
        let bucket = unsafe buckets[probe]
        if bucket.generation != generation {
          unsafe buckets[probe] = Bucket(generation: generation, group: UInt32(groupCount))
          unsafe firstOfGroup[groupCount] = UInt32(index)
          unsafe lastOfGroup[groupCount] = UInt32(index)
          groupCount += 1
          break
        }
        let group = Int(bucket.group)
        if batch[unsafe Int(firstOfGroup[group])].destination == destination {
          unsafe next[Int(lastOfGroup[group])] = UInt32(index)
          unsafe lastOfGroup[group] = UInt32(index)
          break
        }
        probe = (probe + 1) & bucketMask
      }
    }
  }

  /// Destinations are few and are validated peers, so a cheap mix is enough; SipHash would cost as much as the rest.
  private static func hash(_ endpoint: Endpoint) -> Int {
    var mixed = endpoint.low ^ endpoint.high &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(endpoint.port) &* 0xBF58_476D_1CE4_E5B9
    mixed ^= mixed >> 31
    mixed = mixed &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: mixed >> 32)
  }
}
