import NIOCore
import NIOHTTP1
import NIOPosix
import RelayMetrics

/// Serves `/metrics` and `/healthz` over plain HTTP on a listener of its own, so that operators' addresses and
/// clients' addresses need not be the same.
struct MetricsListener: Sendable {
  let gateway: any EngineGateway
  let isServing: @Sendable () -> Bool
  /// A scraper that does not ask within this time is let go.
  private static let requestTimeout = TimeAmount.seconds(10)

  func bind(on group: any EventLoopGroup, address: ListenAddress) async throws(ControlError) -> any Channel {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        let timer = channel.eventLoop.scheduleTask(in: Self.requestTimeout) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
          try pipeline.addHandler(MetricsHandler(respond: respond))
        }
      }
    return try await bootstrap.listen(on: address, purpose: "metrics")
  }

  @Sendable
  private func respond(_ head: HTTPRequestHead) async -> PlainResponse {
    guard head.method == .GET else { return PlainResponse(status: .methodNotAllowed, body: "only GET\n") }
    switch head.uri.split(separator: "?", maxSplits: 1).first {
    case "/metrics":
      return PlainResponse(status: .ok, contentType: PrometheusText.contentType, body: await gateway.metricsText())
    case "/healthz":
      return isServing() && gateway.isReady
        ? PlainResponse(status: .ok, body: "ok\n")
        : PlainResponse(status: .serviceUnavailable, body: "not ready\n")
    default:
      return PlainResponse(status: .notFound, body: "nothing here: there are /metrics and /healthz\n")
    }
  }
}

/// Answers one request.
private final class MetricsHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let respond: @Sendable (HTTPRequestHead) async -> PlainResponse
  private var isAnswered = false

  init(respond: @escaping @Sendable (HTTPRequestHead) async -> PlainResponse) { self.respond = respond }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data), !isAnswered else { return }
    isAnswered = true
    let channel = context.channel
    Task { [respond] in
      let response = await respond(head)
      channel.eventLoop.execute { response.write(to: channel) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
