package import TestKit
package import WireBytes

/// What the network does to datagrams. Reordering follows from `jitter` that exceeds their spacing.
package struct NetworkConditions {
  package var delay = TimeInterval.milliseconds(5)
  package var jitter = TimeInterval.zero
  package var loss = 0.0
  package var duplication = 0.0

  package init() {}

  /// The delays with which the copies of one datagram arrive: none when it is lost.
  package func arrivals(_ random: inout SeededRandom) -> [TimeInterval] {
    // The same number of draws for every datagram, so that runs with other conditions stay comparable.
    let (lost, twice) = (Double.random(in: 0..<1, using: &random), Double.random(in: 0..<1, using: &random))
    let (first, second) = (random.next(), random.next())
    guard lost >= loss else { return [] }
    func delayed(_ draw: UInt64) -> TimeInterval {
      TimeInterval(nanoseconds: delay.nanoseconds + (jitter == .zero ? 0 : draw % jitter.nanoseconds))
    }
    return twice < duplication ? [delayed(first), delayed(second)] : [delayed(first)]
  }
}

/// Things that will happen, earliest first; those of one moment in the order in which they were planned.
struct Agenda<Item> {
  private struct Entry {
    let at: MonotonicInstant
    let order: UInt64
    let item: Item
    func isBefore(_ other: Entry) -> Bool { at == other.at ? order < other.order : at < other.at }
  }

  private var heap: [Entry] = []
  private var planned: UInt64 = 0

  var next: MonotonicInstant { heap.first?.at ?? .never }

  mutating func plan(_ item: Item, at time: MonotonicInstant) {
    heap.append(Entry(at: time, order: planned, item: item))
    planned += 1
    var child = heap.count - 1
    while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popDue(at now: MonotonicInstant) -> Item? {
    guard let first = heap.first, first.at <= now else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first.item }
    heap[0] = last
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[smallest]) {
        smallest = child
      }
      guard smallest != parent else { return first.item }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
