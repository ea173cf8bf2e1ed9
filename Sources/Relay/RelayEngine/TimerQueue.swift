import WireBytes

/// Who a timer belongs to.
enum TimerKey: Hashable {
  case peer(PeerIndex)
  case room(RoomID)
}

/// A binary heap of deadlines. Entries are never removed early: an owner that has moved its deadline finds, when an
/// old entry comes up, that nothing is due, and arms again. That keeps arming free of searches.
struct TimerQueue {
  private struct Entry {
    let deadline: MonotonicInstant
    let key: TimerKey
  }

  private var heap: [Entry] = []

  var nextDeadline: MonotonicInstant { heap.first?.deadline ?? .never }

  mutating func arm(_ key: TimerKey, at deadline: MonotonicInstant) {
    heap.append(Entry(deadline: deadline, key: key))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].deadline < heap[parent].deadline else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the earliest entry if it is due.
  mutating func popDue(at now: MonotonicInstant) -> TimerKey? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first.key }
    heap[0] = last
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].deadline < heap[smallest].deadline {
        smallest = child
      }
      guard smallest != parent else { break }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
    return first.key
  }
}
