import Synchronization

/// The counters of all event loops behind one lock: signalling is a few messages per second and client.
final class ControlMeter: Sendable {
  private let counters = Mutex(ControlCounters())

  var snapshot: ControlCounters { counters.withLock { $0 } }

  func update(_ body: (inout ControlCounters) -> Void) {
    counters.withLock { body(&$0) }
  }
}
