import RelayControl
package import RelayEngine
import Synchronization

/// Carries events from the shards to the control server, which exists later than they do: it needs them as its gateway.
package final class EventRouter: Sendable {
  private let target = Mutex<(@Sendable (EngineEvent) -> Void)?>(nil)

  package init() {}

  /// Called once, before any connection can exist.
  package func connect(_ deliver: @escaping @Sendable (EngineEvent) -> Void) { target.withLock { $0 = deliver } }

  package func deliver(_ event: EngineEvent) { target.withLock { $0 }?(event) }
}
