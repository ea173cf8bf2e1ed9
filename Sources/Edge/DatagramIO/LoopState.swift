import WireBytes

/// What every turn of a loop changes. Behind a pointer, since as stored properties of the loop each access would pay for a
/// check of its own. Confined to one queue.
@safe
final class LoopState {
  @safe
  private struct Parts {
    var pace: ReadPace
    var latency = Histogram(bounds: Histogram.forwardingBounds)
    var unflushed: [(arrival: MonotonicInstant, count: UInt64)] = []
  }

  private let parts: UnsafeMutablePointer<Parts>

  /// With room for the arrivals of so many rounds.
  init(_ pacing: ReadPacing, rounds: Int) {
    unsafe parts = .allocate(capacity: 1)
    unsafe parts.initialize(to: Parts(pace: ReadPace(pacing)))
    unsafe parts.pointee.unflushed.reserveCapacity(rounds)
  }

  deinit {
    unsafe parts.deinitialize(count: 1)
    unsafe parts.deallocate()
  }

  var pace: ReadPace {
    _read { yield unsafe parts.pointee.pace }
    _modify { yield unsafe &parts.pointee.pace }
  }

  /// From a datagram's arrival to the sending of what it led to.
  var latency: Histogram { unsafe parts.pointee.latency }

  /// A datagram came whose consequences are not sent yet. Those of one moment are kept as one.
  func noteArrival(at now: MonotonicInstant) {
    let count = unsafe parts.pointee.unflushed.count
    if count > 0, unsafe parts.pointee.unflushed[count - 1].arrival == now {
      unsafe parts.pointee.unflushed[count - 1].count += 1
    } else {
      unsafe parts.pointee.unflushed.append((arrival: now, count: 1))
    }
  }

  /// Whether datagrams came since the last `flushed`.
  var hasArrivals: Bool { unsafe !parts.pointee.unflushed.isEmpty }

  /// All consequences are sent.
  func flushed(at end: MonotonicInstant) {
    for index in unsafe parts.pointee.unflushed.indices {
      let round = unsafe parts.pointee.unflushed[index]
      unsafe parts.pointee.latency.observe(
        Double(end.nanoseconds(since: round.arrival)) / 1e9, times: round.count)
    }
    unsafe parts.pointee.unflushed.removeAll(keepingCapacity: true)
  }
}
