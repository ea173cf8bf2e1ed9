import Glibc
package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
package import Signaling

/// One WebSocket to the relay: messages out, messages in, and its end.
package final class SignalingClient: Sendable {
  package enum Event: Sendable {
    case message(RelayMessage)
    case closed
  }

  private let channel: any Channel

  private init(channel: any Channel) { self.channel = channel }

  /// Opens the WebSocket. `onEvent` is called on an event loop, in order, `.closed` last and once.
  package static func connect(
    to relay: RelayAddress, on group: any EventLoopGroup, onEvent: @escaping @Sendable (Event) -> Void
  ) async throws -> SignalingClient {
    let context = relay.isTLS ? try tlsContext(relay.trust) : nil
    let upgraded: EventLoopFuture<any Channel>
    do {
      upgraded = try await connection(to: relay, context, on: group, onEvent: onEvent)
    } catch let error as NIOConnectionError {
      throw SignalingConnectionError.unreachable(relay.authority, reason(of: error))
    }
    do { return SignalingClient(channel: try await upgraded.get()) } catch let error as SignalingConnectionError {
      throw error
    } catch {
      throw SignalingConnectionError.incomplete(relay.authority, "\(error)")
    }
  }

  private static func connection(
    to relay: RelayAddress, _ context: NIOSSLContext?, on group: any EventLoopGroup,
    onEvent: @escaping @Sendable (Event) -> Void
  ) async throws -> EventLoopFuture<any Channel> {
    try await ClientBootstrap(group: group)
      .connectTimeout(.seconds(10))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(host: relay.host, port: relay.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            let handler = try tlsHandler(context, relay)
            try channel.pipeline.syncOperations.addHandler(handler)
          }
          let upgraded = try upgradePipeline(of: channel, relay: relay, onEvent: onEvent)
          // A server that accepts and then says nothing must not hold up the run.
          let limit = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
          upgraded.whenComplete { _ in limit.cancel() }
          return upgraded
        }
      }
  }

  private static func reason(of error: NIOConnectionError) -> String {
    guard error.connectionErrors.isEmpty else {
      let codes = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
      return codes.first.map { unsafe String(cString: strerror($0)) } ?? "it does not answer"
    }
    return "the name cannot be resolved"
  }

  package func send(_ message: ClientMessage) {
    let text = SignalingText.encode(message)
    channel.eventLoop.execute { [channel] in
      let frame = WebSocketFrame(
        fin: true, opcode: .text, maskKey: .random(), data: channel.allocator.buffer(bytes: text))
      channel.writeAndFlush(frame, promise: nil)
    }
  }

  /// Ends the connection without a word, as a crash would.
  package func abort() { channel.close(mode: .all, promise: nil) }

  private static func upgradePipeline(
    of channel: any Channel, relay: RelayAddress, onEvent: @escaping @Sendable (Event) -> Void
  ) throws -> EventLoopFuture<any Channel> {
    let upgrader = NIOTypedWebSocketClientUpgrader<any Channel>(
      maxFrameSize: 16 * 1024 * 1024,
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            NIOWebSocketFrameAggregator(
              minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024, maxAccumulatedFrameSize: 16 * 1024 * 1024))
          try channel.pipeline.syncOperations.addHandler(SignalingFrameHandler(onEvent: onEvent))
          return channel
        }
      })
    var headers = HTTPHeaders()
    headers.add(name: "Host", value: relay.authority)
    let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: RelayAddress.path, headers: headers)
    let configuration = NIOTypedHTTPClientUpgradeConfiguration<any Channel>(
      upgradeRequestHead: request, upgraders: [upgrader],
      notUpgradingCompletionHandler: { channel in
        channel.eventLoop.makeFailedFuture(SignalingConnectionError.notUpgraded)
      })
    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
      configuration: .init(upgradeConfiguration: configuration))
  }

  private static func tlsContext(_ trust: RelayAddress.Trust) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv13
    switch trust {
    case .system: break
    case .anything: configuration.certificateVerification = .none
    case .fingerprint: configuration.certificateVerification = .noHostnameVerification
    }
    return try NIOSSLContext(configuration: configuration)
  }

  private static func tlsHandler(_ context: NIOSSLContext, _ relay: RelayAddress) throws -> NIOSSLClientHandler {
    // Server names are names: an address is not sent (RFC 6066 section 3).
    let isAddress = relay.host.contains(":") || relay.host.allSatisfy { $0.isNumber || $0 == "." }
    let name = isAddress ? nil : relay.host
    guard case .fingerprint(let expected) = relay.trust else {
      return try NIOSSLClientHandler(context: context, serverHostname: name)
    }
    return try NIOSSLClientHandler(
      context: context, serverHostname: name,
      customVerificationCallback: { chain, promise in
        let matches = chain.first.flatMap { try? CertificatePin.sha256(of: $0) } == expected
        promise.succeed(matches ? .certificateVerified : .failed)
      })
  }
}

/// Why there is no signalling connection.
package enum SignalingConnectionError: Error, CustomStringConvertible {
  case notUpgraded
  /// Host and port, and what the system says.
  case unreachable(String, String)
  /// Host and port, and where TLS or the WebSocket got stuck.
  case incomplete(String, String)

  package var description: String {
    switch self {
    case .notUpgraded: "the server answered, but not as a relay: no WebSocket at \(RelayAddress.path)"
    case .unreachable(let address, let reason): "the relay at \(address) cannot be reached: \(reason)"
    case .incomplete(let address, let reason):
      "no WebSocket to \(address): TLS failed, or it closed or stayed silent for 10 s (\(reason))"
    }
  }
}
