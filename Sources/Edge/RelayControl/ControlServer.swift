package import Logging
package import NIOCore
import NIOPosix
package import RelayEngine
import Signaling
import Synchronization
package import WireBytes

/// Signalling, health and metrics: everything of the relay that speaks TCP.
///
/// JSON is read and written on the event loops. A shard hands over values and is never held up: `deliver` is one
/// look-up and one hop, for a broadcast one hop for each loop. What is delivered to one connection by one thread keeps
/// its order.
package final class ControlServer: Sendable {
  private struct Listeners {
    var hasStarted = false
    var signalling: (any Channel)?
    var metrics: (any Channel)?
    var boundPort = 0
    var metricsPort: Int?
  }

  private let configuration: ControlConfiguration
  private let gateway: any EngineGateway
  private let logger: Logger
  private let clock: ControlClock
  private let group: any EventLoopGroup
  private let table: ConnectionTable
  private let meter = ControlMeter()
  private let listeners = Mutex(Listeners())

  package init(
    configuration: ControlConfiguration, gateway: any EngineGateway, logger: Logger,
    clock: ControlClock = .system(), group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) {
    self.configuration = configuration
    self.gateway = gateway
    self.logger = logger
    self.clock = clock
    self.group = group
    table = ConnectionTable(capacity: configuration.maxConnections)
  }

  /// The port that signalling is served on; 0 before `start`.
  package var boundPort: Int { listeners.withLock { $0.boundPort } }
  /// The port of `/metrics`; nil when there is none.
  package var boundMetricsPort: Int? { listeners.withLock { $0.metricsPort } }
  package var counters: ControlCounters { meter.snapshot }

  /// Listens. When it throws, nothing listens.
  package func start() async throws(ControlError) {
    let isFirst = listeners.withLock { state in
      defer { state.hasStarted = true }
      return !state.hasStarted
    }
    guard isFirst else { throw ControlError(.alreadyStarted, "the control server was started before") }
    if let fault = configuration.fault { throw ControlError(.configuration, fault) }
    let context = try configuration.tls?.makeContext()
    let listener = SignalingListener(
      configuration: configuration, gateway: gateway, clock: clock, table: table, meter: meter)
    var metrics: (any Channel)?
    if let address = configuration.metricsListen {
      metrics = try await MetricsListener(gateway: gateway, isServing: { [table] in !table.isDraining })
        .bind(on: group, address: address)
    }
    do {
      let signalling = try await listener.bind(on: group, tls: context)
      listeners.withLock { [metrics] in
        $0.signalling = signalling
        $0.metrics = metrics
        $0.boundPort = signalling.localAddress?.port ?? 0
        $0.metricsPort = metrics?.localAddress?.port
      }
    } catch {
      try? await metrics?.close().get()
      throw error
    }
    logger.info(
      "signalling is open",
      metadata: ["port": "\(boundPort)", "tls": "\(context != nil)", "metrics_port": "\(boundMetricsPort ?? 0)"])
  }

  /// Takes an event from a shard. May be called from any thread; returns at once.
  package func deliver(_ event: EngineEvent) {
    let connection: ConnectionID
    switch event {
    case .send(let target, _), .answer(let target, _), .close(let target, _): connection = target
    case .broadcast(let targets, let message): return broadcast(message, to: targets)
    case .roomOpened, .roomClosed, .roomMembers, .joinHandled, .drained: return
    }
    table.session(connection)?.perform { $0.receive(event) }
  }

  private func broadcast(_ message: RelayMessage, to targets: [ConnectionID]) {
    for sessions in table.sessions(targets) {
      sessions[0].eventLoop.execute {
        let text = ByteBuffer(bytes: SignalingText.encode(message))
        for session in sessions { session.handler.value.receive(message, inWords: text) }
      }
    }
  }

  /// Accepts nobody any more, says `goodbye` to everyone and waits until all connections are closed, for `deadline` at
  /// most; what is left then is cut. The metrics listener goes last, so that the end can be watched.
  package func shutdown(deadline: WireBytes.TimeInterval) async {
    let (signalling, metrics) = listeners.withLock { ($0.signalling.take(), $0.metrics.take()) }
    try? await signalling?.close().get()
    let (sessions, others) = table.drain()
    for session in sessions { session.perform { $0.shutdown() } }
    for channel in others { channel.close(promise: nil) }
    if await !becomesEmpty(within: deadline) {
      let left = table.channels
      logger.notice("connections were cut at shutdown", metadata: ["count": "\(left.count)"])
      for channel in left { channel.close(promise: nil) }
    }
    try? await metrics?.close().get()
    logger.info("signalling is closed", metadata: ["goodbyes": "\(sessions.count)"])
  }

  private func becomesEmpty(within deadline: WireBytes.TimeInterval) async -> Bool {
    let loop = group.next()
    let isEmpty = loop.makePromise(of: Bool.self)
    table.whenEmpty { isEmpty.succeed(true) }
    // A promise keeps the first result it is given.
    let timer = loop.scheduleTask(in: TimeAmount(deadline)) { isEmpty.succeed(false) }
    defer { timer.cancel() }
    return (try? await isEmpty.futureResult.get()) ?? false
  }
}
