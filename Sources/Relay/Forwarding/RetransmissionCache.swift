package import WireBytes

/// The latest packets of one RTP stream, for retransmission to its subscribers: one copy for all of them.
///
/// A ring of bytes, bounded, and taken when the first packet comes. Packets lie in it one after the other. The ring is
/// written in laps: a lap ends at the ring's end, or earlier, as soon as what it began with is too old to be asked for.
/// So a quiet stream stays in a small part of the ring, and pages that were never written take no memory.
@safe
package final class RetransmissionCache {
  private struct Entry {
    var place: UInt32 = 0
    var lap: UInt32 = 0
    /// Milliseconds, modulo 2^32.
    var storedAt: UInt32 = 0
    var sequence: UInt16 = 0
    /// Zero: nothing was stored here.
    var length: UInt16 = 0
  }

  private struct Position {
    var lap: UInt32 = 1
    /// Where the next packet goes.
    var place = 0
    /// When the first packet of the lap was stored.
    var began = MonotonicInstant(nanoseconds: 0)
  }

  /// One entry for this many bytes of the ring: sealed audio packets are about as small.
  private static let bytesPerEntry = 192

  private let byteCapacity: Int
  private let maxAge: TimeInterval
  private let entryCount: Int
  private let bytes: UnsafeMutablePointer<UInt8>
  private let entries: UnsafeMutablePointer<Entry>
  private let position: UnsafeMutablePointer<Position>

  /// Packets older than `maxAge` are not found: their frame's time has passed.
  package init(byteCapacity: Int, maxAge: TimeInterval) {
    self.byteCapacity = max(byteCapacity, 1)
    self.maxAge = maxAge
    var count = 16
    while count * Self.bytesPerEntry < byteCapacity, count < 4096 { count *= 2 }
    entryCount = count
    unsafe bytes = .allocate(capacity: self.byteCapacity)
    unsafe entries = .allocate(capacity: count)
    unsafe entries.initialize(repeating: Entry(), count: count)
    unsafe position = .allocate(capacity: 1)
    unsafe position.initialize(to: Position())
  }

  deinit {
    unsafe bytes.deallocate()
    unsafe entries.deallocate()
    unsafe position.deallocate()
  }

  /// Keeps a copy of a hop-decrypted packet under the source's sequence number. The first copy of a packet stays: what
  /// was once sent under a number is what is sent again. A packet longer than the ring is not kept.
  package func store(sequence: UInt16, packet: Span<UInt8>, at now: MonotonicInstant) {
    let length = packet.count
    guard length > 0, length <= byteCapacity, length <= Int(UInt16.max), entry(of: sequence, at: now) == nil else {
      return
    }
    var next = unsafe position.pointee
    // A packet is one run of bytes: what is left before the ring's end stays unused if it does not fit there.
    let isOver = next.place + length > byteCapacity || now.nanoseconds(since: next.began) > maxAge.nanoseconds
    if next.place > 0, isOver {
      next.lap &+= 1
      next.place = 0
    }
    if next.place == 0 { next.began = now }
    let target = unsafe bytes + next.place
    unsafe packet.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { unsafe target.update(from: start, count: length) }
    }
    unsafe entries[Int(sequence) % entryCount] = Entry(
      place: UInt32(next.place), lap: next.lap, storedAt: Self.milliseconds(now), sequence: sequence,
      length: UInt16(length))
    next.place += length
    unsafe position.pointee = next
  }

  /// Lends the packet with this sequence number to `body`. False, and `body` not called, when it is not kept any more.
  package func find(_ sequence: UInt16, at now: MonotonicInstant, _ body: (Span<UInt8>) -> Void) -> Bool {
    guard let entry = entry(of: sequence, at: now) else { return false }
    body(unsafe Span(_unsafeStart: bytes + Int(entry.place), count: Int(entry.length)))
    return true
  }

  private func entry(of sequence: UInt16, at now: MonotonicInstant) -> Entry? {
    let entry = unsafe entries[Int(sequence) % entryCount]
    guard entry.length > 0, entry.sequence == sequence,
      Self.milliseconds(now) &- entry.storedAt <= maxAge.milliseconds
    else { return nil }
    // Of the lap before, what lies behind the present one's end is still there.
    let present = unsafe position.pointee
    let isThere = entry.lap == present.lap || (entry.lap &+ 1 == present.lap && Int(entry.place) >= present.place)
    return isThere ? entry : nil
  }

  private static func milliseconds(_ now: MonotonicInstant) -> UInt32 {
    UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000)
  }
}
