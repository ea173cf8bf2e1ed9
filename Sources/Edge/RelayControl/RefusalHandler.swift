import NIOCore
import NIOHTTP1

/// Answers a request that does not become a WebSocket.
final class RefusalHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let allowedOrigins: [String]
  private let meter: ControlMeter
  private var isAnswered = false

  init(allowedOrigins: [String], meter: ControlMeter) {
    self.allowedOrigins = allowedOrigins
    self.meter = meter
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data), !isAnswered else { return }
    isAnswered = true
    let refusal: Refusal =
      switch SignalingRoute(head, allowedOrigins: allowedOrigins) {
      case .refused(let refusal): refusal
      // Right in all but the WebSocket headers themselves.
      case .call: .upgradeRequired
      }
    meter.update { $0.refused[refusal, default: 0] += 1 }
    var response = PlainResponse(status: refusal.status, body: refusal.text + "\n")
    if refusal == .upgradeRequired {
      response.headers = [("upgrade", "websocket"), ("sec-websocket-version", "13")]
    }
    response.write(to: context.channel)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
