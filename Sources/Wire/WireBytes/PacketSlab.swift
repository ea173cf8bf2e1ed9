internal import CPrefetch

/// The index of a slot in a `PacketSlab`.
public struct PacketSlot: Hashable, Sendable {
  public let index: UInt32
  @inlinable
  public init(index: UInt32) { self.index = index }
}

/// A fixed set of 2 KiB packet slots: all memory of the packet path, allocated once.
///
/// A slot is taken, filled, sent, and given back; the slab counts, and tests hold that count to zero at rest.
/// Confined to one shard's queue. Its state lies behind its own pointers, so that calls need no exclusivity checks.
@safe
public final class PacketSlab {
  /// Large enough for an Ethernet MTU with SRTP's tag; small enough that a few thousand fit in a core's cache share.
  @inlinable
  public static var slotSize: Int { 2048 }

  public let capacity: Int
  @usableFromInline let base: UnsafeMutablePointer<UInt8>
  @usableFromInline let lengths: UnsafeMutablePointer<UInt16>
  @usableFromInline let freeList: UnsafeMutablePointer<UInt32>
  @usableFromInline let freeCount: UnsafeMutablePointer<Int>

  public init(capacity: Int) {
    self.capacity = capacity
    unsafe base = .allocate(capacity: capacity * Self.slotSize)
    unsafe base.initialize(repeating: 0, count: capacity * Self.slotSize)
    unsafe lengths = .allocate(capacity: capacity)
    unsafe lengths.initialize(repeating: 0, count: capacity)
    unsafe freeList = .allocate(capacity: capacity)
    for index in 0..<capacity { unsafe (freeList + index).initialize(to: UInt32(capacity - 1 - index)) }
    unsafe freeCount = .allocate(capacity: 1)
    unsafe freeCount.initialize(to: capacity)
  }

  deinit {
    unsafe base.deallocate()
    unsafe lengths.deallocate()
    unsafe freeList.deallocate()
    unsafe freeCount.deallocate()
  }

  /// Slots that are free now.
  @inlinable
  public var available: Int { unsafe freeCount.pointee }
  @inlinable
  public var inUse: Int { capacity - available }

  /// A free slot, or nil when there is none: the caller drops the packet and counts it.
  @inlinable
  public func take() -> PacketSlot? {
    let count = unsafe freeCount.pointee
    guard count > 0 else { return nil }
    unsafe freeCount.pointee = count - 1
    return PacketSlot(index: unsafe freeList[count - 1])
  }

  /// Brings the first `count` bytes of the slot that the next `take` gives into the cache.
  public func prefetchNext(_ count: Int) {
    let available = unsafe freeCount.pointee
    guard available > 0 else { return }
    unsafe cprefetch(base + Int(freeList[available - 1]) * Self.slotSize, min(count, Self.slotSize))
  }

  @inlinable
  public func release(_ slot: PacketSlot) {
    let count = unsafe freeCount.pointee
    precondition(count < capacity, "a packet slot was released twice")
    unsafe freeList[count] = slot.index
    unsafe freeCount.pointee = count + 1
  }

  @inlinable
  public func length(of slot: PacketSlot) -> Int { Int(unsafe lengths[Int(slot.index)]) }

  @inlinable
  public func setLength(_ length: Int, of slot: PacketSlot) {
    precondition(length >= 0 && length <= Self.slotSize, "a packet is longer than its slot")
    unsafe lengths[Int(slot.index)] = UInt16(length)
  }

  /// Borrows the packet's bytes.
  @inlinable
  public func read<R, E: Error>(_ slot: PacketSlot, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try body(unsafe Span(_unsafeStart: address(of: slot), count: length(of: slot)))
  }

  /// Borrows the whole slot, whatever the packet's length, for writing.
  @inlinable
  public func edit<R, E: Error>(
    _ slot: PacketSlot, _ body: (inout MutableSpan<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    var span = unsafe MutableSpan(_unsafeStart: address(of: slot), count: Self.slotSize)
    return try body(&span)
  }

  /// Copies `bytes` into the slot and sets its length. Traps if they do not fit: callers size control messages.
  public func fill(_ slot: PacketSlot, with bytes: [UInt8]) {
    setLength(bytes.count, of: slot)
    unsafe bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      unsafe address(of: slot).update(from: start, count: source.count)
    }
  }

  public func fill(_ slot: PacketSlot, with bytes: Span<UInt8>) {
    setLength(bytes.count, of: slot)
    unsafe bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      unsafe address(of: slot).update(from: start, count: source.count)
    }
  }

  /// The slot's memory, for system calls and C libraries that work in place. Valid while the slab lives.
  @unsafe @inlinable
  public func address(of slot: PacketSlot) -> UnsafeMutablePointer<UInt8> {
    precondition(Int(slot.index) < capacity)
    return unsafe base + Int(slot.index) * Self.slotSize
  }
}
