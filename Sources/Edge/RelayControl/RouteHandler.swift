import NIOCore
import NIOHTTP1

/// Looks at the first request of a connection: a signalling call goes on to the WebSocket upgrade, anything else is
/// answered here. It stands before NIO's upgrade handler because that one forgets the request that it refuses.
final class RouteHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let allowedOrigins: [String]
  private let meter: ControlMeter
  private var isAnswered = false

  init(allowedOrigins: [String], meter: ControlMeter) {
    self.allowedOrigins = allowedOrigins
    self.meter = meter
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isAnswered, case .head(let head) = unwrapInboundIn(data) else { return }
    switch SignalingRoute(head, allowedOrigins: allowedOrigins) {
    case .call:
      context.fireChannelRead(data)
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    case .refused(let refusal):
      isAnswered = true
      meter.update { $0.refused[refusal, default: 0] += 1 }
      var response = PlainResponse(status: refusal.status, body: refusal.text + "\n")
      if refusal == .upgradeRequired {
        response.headers = [("upgrade", "websocket"), ("sec-websocket-version", "13")]
      }
      response.write(to: context.channel)
    }
  }

  /// A TLS or HTTP fault. NIO has answered with an alert or with 400 by now, but leaves the connection open.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
