/// What an engine wants sent: slots with their destinations, in order, in memory that is allocated once.
///
/// The engine appends; the edge sends all of it, gives the slots back and empties the batch: at the end of a turn, and
/// whenever the engine calls `letOut`.
@safe
public final class EgressBatch {
  public struct Entry {
    public let slot: PacketSlot
    public let destination: Endpoint

    @inlinable
    init(slot: PacketSlot, destination: Endpoint) {
      self.slot = slot
      self.destination = destination
    }
  }

  public let capacity: Int
  /// How the edge sends what is there and empties the batch. Without one, all of a turn has to fit.
  public var outlet: (() -> Void)?
  @usableFromInline let entries: UnsafeMutablePointer<Entry>
  @usableFromInline let used: UnsafeMutablePointer<Int>

  public init(capacity: Int) {
    self.capacity = capacity
    unsafe entries = .allocate(capacity: capacity)
    unsafe used = .allocate(capacity: 1)
    unsafe used.initialize(to: 0)
  }

  deinit {
    unsafe entries.deallocate()
    unsafe used.deallocate()
  }

  @inlinable
  public var count: Int { unsafe used.pointee }
  @inlinable
  public var room: Int { capacity - count }

  /// False when the batch is full: the caller keeps the slot, gives it back and counts the drop.
  @inlinable
  public func append(_ slot: PacketSlot, to destination: Endpoint) -> Bool {
    let count = unsafe used.pointee
    guard count < capacity else { return false }
    unsafe (entries + count).initialize(to: Entry(slot: slot, destination: destination))
    unsafe used.pointee = count + 1
    return true
  }

  @inlinable
  public subscript(index: Int) -> Entry {
    precondition(index >= 0 && index < count)
    return unsafe entries[index]
  }

  /// A good moment to send: what was sealed is still in the core's cache, and its memory when the next copies need some.
  public func letOut() { outlet?() }

  @inlinable
  public func removeAll() { unsafe used.pointee = 0 }
}
