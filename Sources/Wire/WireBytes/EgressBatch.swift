/// What an engine wants sent: slots with their destinations, in order, in memory that is allocated once.
///
/// The engine appends; the edge sends all of it, gives the slots back and empties the batch.
@safe
package final class EgressBatch {
  package struct Entry {
    package let slot: PacketSlot
    package let destination: Endpoint
  }

  package let capacity: Int
  private let entries: UnsafeMutablePointer<Entry>
  private let used: UnsafeMutablePointer<Int>

  package init(capacity: Int) {
    self.capacity = capacity
    unsafe entries = .allocate(capacity: capacity)
    unsafe used = .allocate(capacity: 1)
    unsafe used.initialize(to: 0)
  }

  deinit {
    unsafe entries.deallocate()
    unsafe used.deallocate()
  }

  package var count: Int { unsafe used.pointee }
  package var room: Int { capacity - count }

  /// False when the batch is full: the caller keeps the slot, gives it back and counts the drop.
  package func append(_ slot: PacketSlot, to destination: Endpoint) -> Bool {
    let count = unsafe used.pointee
    guard count < capacity else { return false }
    unsafe (entries + count).initialize(to: Entry(slot: slot, destination: destination))
    unsafe used.pointee = count + 1
    return true
  }

  package subscript(index: Int) -> Entry {
    precondition(index >= 0 && index < count)
    return unsafe entries[index]
  }

  package func removeAll() { unsafe used.pointee = 0 }
}
