package import WireBytes

/// The latest packets of one RTP stream, for retransmission to its subscribers: one copy for all of them.
///
/// A ring of bytes, bounded and allocated once. Packets lie in it one after the other; a new one overwrites the oldest.
/// Positions in the ring only grow (modulo its size they are places), so a packet is still there as long as less than
/// the ring's size was written since it began. Pages that were never written take no memory.
@safe
package final class RetransmissionCache {
  private struct Entry {
    var position: UInt64 = 0
    var storedAt = MonotonicInstant(nanoseconds: 0)
    var sequence: UInt16 = 0
    /// Zero: nothing was stored here.
    var length: UInt16 = 0
  }

  /// One entry for this many bytes of the ring: sealed audio packets are about as small.
  private static let bytesPerEntry = 128

  private let byteCapacity: Int
  private let maxAge: TimeInterval
  private let entryCount: Int
  private let bytes: UnsafeMutablePointer<UInt8>
  private let entries: UnsafeMutablePointer<Entry>
  /// Where the next packet goes.
  private let end: UnsafeMutablePointer<UInt64>

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
    unsafe end = .allocate(capacity: 1)
    unsafe end.initialize(to: 0)
  }

  deinit {
    unsafe bytes.deallocate()
    unsafe entries.deallocate()
    unsafe end.deallocate()
  }

  /// Keeps a copy of a hop-decrypted packet under the source's sequence number. The first copy of a packet stays: what
  /// was once sent under a number is what is sent again. A packet longer than the ring is not kept.
  package func store(sequence: UInt16, packet: Span<UInt8>, at now: MonotonicInstant) {
    let length = packet.count
    guard length > 0, length <= byteCapacity, length <= Int(UInt16.max), entry(of: sequence, at: now) == nil else {
      return
    }
    var position = unsafe end.pointee
    let place = Int(position % UInt64(byteCapacity))
    // A packet is one run of bytes: what is left before the ring's end stays unused if it does not fit there.
    if place + length > byteCapacity { position += UInt64(byteCapacity - place) }
    let target = unsafe bytes + Int(position % UInt64(byteCapacity))
    unsafe packet.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { unsafe target.update(from: start, count: length) }
    }
    unsafe end.pointee = position + UInt64(length)
    unsafe entries[Int(sequence) % entryCount] = Entry(
      position: position, storedAt: now, sequence: sequence, length: UInt16(length))
  }

  /// Lends the packet with this sequence number to `body`. False, and `body` not called, when it is not kept any more.
  package func find(_ sequence: UInt16, at now: MonotonicInstant, _ body: (Span<UInt8>) -> Void) -> Bool {
    guard let entry = entry(of: sequence, at: now) else { return false }
    let start = unsafe bytes + Int(entry.position % UInt64(byteCapacity))
    body(unsafe Span(_unsafeStart: start, count: Int(entry.length)))
    return true
  }

  private func entry(of sequence: UInt16, at now: MonotonicInstant) -> Entry? {
    let entry = unsafe entries[Int(sequence) % entryCount]
    guard entry.length > 0, entry.sequence == sequence, unsafe end.pointee - entry.position <= UInt64(byteCapacity),
      now.nanoseconds(since: entry.storedAt) <= maxAge.nanoseconds
    else { return nil }
    return entry
  }
}
