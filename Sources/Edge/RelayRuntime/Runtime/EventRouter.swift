import RelayControl
package import RelayEngine
import Synchronization

/// Carries events from the shards to the control server, which exists later than they do: it needs them as its gateway.
package final class EventRouter: Sendable {
  /// A closure by itself must not live in a generic `Mutex`: every access wraps it in one more thunk and writes it back,
  /// and the chain grows with each event.
  private struct Target: Sendable {
    let deliver: @Sendable (EngineEvent) -> Void
  }

  private let target = Mutex<Target?>(nil)

  package init() {}

  /// Called once, before any connection can exist.
  package func connect(_ deliver: @escaping @Sendable (EngineEvent) -> Void) {
    target.withLock { $0 = Target(deliver: deliver) }
  }

  package func deliver(_ event: EngineEvent) { target.withLock { $0 }?.deliver(event) }
}
