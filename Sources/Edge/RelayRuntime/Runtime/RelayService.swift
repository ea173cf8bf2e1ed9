import ServiceLifecycle

/// Keeps a running relay until the process is asked to end.
package struct RelayService: Service {
  let relay: Relay

  package init(relay: Relay) { self.relay = relay }

  package func run() async throws {
    // Not before: until the group runs its services, SIGTERM ends the process without a goodbye.
    relay.announceReadiness()
    // Returns at SIGTERM or SIGINT, or when the group is cancelled.
    try? await gracefulShutdown()
    await relay.shutdown()
  }
}
