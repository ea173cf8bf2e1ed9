package import RTP
import Synchronization
package import WireBytes

/// What one record of a `LinkRing` says about a track that lives on the writer's shard.
package struct LinkRecord: Sendable {
  package enum Kind: UInt8, Sendable {
    /// An RTP packet without the hop's encryption, as its publisher sent it.
    case packet
    /// A packet without payload, `value` its sequence number: nothing is forwarded and the legs close the gap.
    case gap
    /// The encoding has another SSRC and new number spaces from here on.
    case restart
    /// `value` is the audio level of a packet that is not wanted itself.
    case level
  }

  package let kind: Kind
  /// The writer's name for the track.
  package let track: UInt32
  package let encoding: UInt8
  package let value: UInt16
  /// The extension ids of the packet.
  package let ids: HeaderExtensionIDs
  /// When the packet came to the writer's shard.
  package let arrival: MonotonicInstant

  package init(
    _ kind: Kind, track: UInt32, encoding: Int, value: UInt16 = 0, ids: HeaderExtensionIDs, at arrival: MonotonicInstant
  ) {
    self.kind = kind
    self.track = track
    self.encoding = UInt8(clamping: encoding)
    self.value = value
    self.ids = ids
    self.arrival = arrival
  }
}

/// The way of packets from one shard to another: a bounded ring of bytes with one writer and one reader, each on its own
/// queue, without a lock.
///
/// The writer's records become visible together by `publish`, so that a burst costs one atomic store. The reader says
/// that it sleeps before it looks a last time, and the writer looks for a sleeper after it has published: whatever the
/// order, nobody sleeps on a full ring. Positions only grow; a place is a position modulo the size. The memory is taken
/// at the first record: most pairs of shards never have a room in common.
@safe
package final class LinkRing: @unchecked Sendable {
  /// Records begin at multiples of this, so that a header never lies across the end.
  private static let unit = 64

  private struct Header {
    var record: LinkRecord
    var length: UInt16
    /// The rest of the ring is unused; the next record is at the beginning.
    var isSkip: Bool
  }

  package let capacity: Int
  /// Set by the writer before it publishes for the first time, and never again.
  private let base: Atomic<UnsafeMutableRawPointer?>
  /// Up to here the reader may read.
  private let published = Atomic<Int>(0)
  /// Up to here the writer may write over what was.
  private let consumed = Atomic<Int>(0)
  private let readerSleeps = Atomic<Bool>(true)

  // The writer's own.
  private var written = 0
  private var writerSawConsumed = 0
  // The reader's own.
  private var read = 0

  /// - Parameter capacity: bytes, rounded up to a power of two of at least 4 KiB.
  package init(capacity: Int) {
    var size = 4096
    while size < capacity { size *= 2 }
    self.capacity = size
    unsafe base = Atomic(nil)
  }

  deinit { unsafe base.load(ordering: .relaxed)?.deallocate() }

  // The writer's side.

  /// Appends a record. False when there is no room for it: the caller counts the drop.
  package func write(_ record: LinkRecord, _ bytes: Span<UInt8>) -> Bool {
    let size = Self.size(of: bytes.count)
    guard bytes.count <= Int(UInt16.max), size <= capacity / 2 else { return false }
    let place = written & (capacity - 1)
    let skip = place + size > capacity ? capacity - place : 0
    guard hasRoom(for: skip + size) else { return false }
    let memory = unsafe writersMemory()
    if skip > 0 {
      unsafe (memory + place).storeBytes(
        of: Header(record: record, length: 0, isSkip: true), as: Header.self)
      written += skip
    }
    let target = unsafe memory + (written & (capacity - 1))
    unsafe target.storeBytes(
      of: Header(record: record, length: UInt16(bytes.count), isSkip: false), as: Header.self)
    unsafe bytes.withUnsafeBytes { source in
      if let start = source.baseAddress {
        unsafe (target + Self.unit).copyMemory(from: start, byteCount: source.count)
      }
    }
    written += size
    return true
  }

  /// Shows the reader what was written. True when it sleeps and has to be woken.
  package func publish() -> Bool {
    guard published.load(ordering: .relaxed) != written else { return false }
    published.store(written, ordering: .sequentiallyConsistent)
    guard readerSleeps.load(ordering: .sequentiallyConsistent) else { return false }
    return readerSleeps.exchange(false, ordering: .sequentiallyConsistent)
  }

  // The reader's side.

  /// Hands out records that were published before the call, until `body` says false; returns how many.
  package func drain(_ body: (LinkRecord, Span<UInt8>) -> Bool) -> Int {
    let end = published.load(ordering: .acquiring)
    guard read < end, let memory = unsafe base.load(ordering: .acquiring) else { return 0 }
    var (count, goesOn) = (0, true)
    while read < end, goesOn {
      let start = unsafe memory + (read & (capacity - 1))
      let header = unsafe start.load(as: Header.self)
      guard !header.isSkip else {
        read += capacity - (read & (capacity - 1))
        continue
      }
      let bytes = unsafe Span<UInt8>(
        _unsafeStart: (start + Self.unit).assumingMemoryBound(to: UInt8.self), count: Int(header.length))
      goesOn = body(header.record, bytes)
      read += Self.size(of: Int(header.length))
      count += 1
    }
    consumed.store(read, ordering: .releasing)
    return count
  }

  /// Says that the reader will look again only when it is woken. False when there is something to read: it stays awake.
  package func sleep() -> Bool {
    readerSleeps.store(true, ordering: .sequentiallyConsistent)
    guard published.load(ordering: .sequentiallyConsistent) != read else { return true }
    // The writer may have seen the sleeper already; then its wake-up comes for nothing.
    readerSleeps.store(false, ordering: .relaxed)
    return false
  }

  /// Whether the reader has something to read.
  package var isEmpty: Bool { published.load(ordering: .acquiring) == read }

  private static func size(of length: Int) -> Int { unit + (length + unit - 1) / unit * unit }

  private func hasRoom(for size: Int) -> Bool {
    if written + size - writerSawConsumed <= capacity { return true }
    writerSawConsumed = consumed.load(ordering: .acquiring)
    return written + size - writerSawConsumed <= capacity
  }

  @unsafe
  private func writersMemory() -> UnsafeMutableRawPointer {
    if let memory = unsafe base.load(ordering: .relaxed) { return unsafe memory }
    precondition(MemoryLayout<Header>.stride <= Self.unit)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: Self.unit)
    unsafe base.store(memory, ordering: .releasing)
    return unsafe memory
  }
}
