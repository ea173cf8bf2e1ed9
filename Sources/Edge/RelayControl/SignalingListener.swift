import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import RelayEngine

/// Accepts connections and takes them through TLS and the WebSocket handshake.
struct SignalingListener: Sendable {
  let configuration: ControlConfiguration
  let gateway: any EngineGateway
  let clock: ControlClock
  let table: ConnectionTable
  let meter: ControlMeter

  func bind(on group: any EventLoopGroup, tls: NIOSSLContext?) async throws(ControlError) -> any Channel {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 512)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in accept(channel, tls: tls) }
    return try await bootstrap.listen(on: configuration.listen, purpose: "signalling")
  }

  private func accept(_ channel: any Channel, tls: NIOSSLContext?) -> EventLoopFuture<Void> {
    guard let connection = table.add(channel) else {
      // Before TLS: a handshake is what a server under load has no time for.
      meter.update { $0.refused[.capacity, default: 0] += 1 }
      return channel.eventLoop.makeFailedFuture(ControlError(.cannotListen, "no room for another connection"))
    }
    let handshakeTimer = channel.eventLoop.scheduleTask(in: TimeAmount(configuration.limits.joinTimeout)) {
      channel.close(promise: nil)
    }
    channel.closeFuture.whenComplete { _ in
      handshakeTimer.cancel()
      table.remove(connection)
    }
    return channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
      _ = try pipeline.configureUpgradableHTTPServerPipeline(
        configuration: .init(upgradeConfiguration: upgrade(connection, handshakeTimer)))
      let upgradeHandler = try pipeline.handler(type: NIOTypedHTTPServerUpgradeHandler<Void>.self)
      try pipeline.addHandler(
        RouteHandler(allowedOrigins: configuration.allowedOrigins, meter: meter), position: .before(upgradeHandler))
    }
  }

  private func upgrade(
    _ connection: ConnectionID, _ handshakeTimer: Scheduled<Void>
  ) -> NIOTypedHTTPServerUpgradeConfiguration<Void> {
    let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
      maxFrameSize: configuration.limits.largestMessage,
      enableAutomaticErrorHandling: false,
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          handshakeTimer.cancel()
          try open(connection, on: channel)
        }
      })
    // The route handler lets nothing through that the upgrader refuses.
    return NIOTypedHTTPServerUpgradeConfiguration(upgraders: [upgrader]) { $0.close() }
  }

  private func open(_ connection: ConnectionID, on channel: any Channel) throws {
    let machine = SessionMachine(
      connection: connection, limits: configuration.limits,
      admission: JoinAdmission(
        tokenKeys: configuration.tokenKeys, allowsJoinWithoutToken: configuration.allowsJoinWithoutToken),
      wall: clock.wall, at: clock.now())
    let handler = SessionHandler(machine: machine, gateway: gateway, meter: meter, now: clock.now)
    try channel.pipeline.syncOperations.addHandler(handler)
    let session = ConnectionTable.Session(
      handler: NIOLoopBound(handler, eventLoop: channel.eventLoop), eventLoop: channel.eventLoop)
    if !table.attach(session, to: connection) { handler.shutdown() }
  }
}
