import NIOCore
import NIOWebSocket
import Signaling

/// Turns WebSocket frames into relay messages.
final class SignalingFrameHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let onEvent: @Sendable (SignalingClient.Event) -> Void
  private var isClosed = false

  init(onEvent: @escaping @Sendable (SignalingClient.Event) -> Void) { self.onEvent = onEvent }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .text:
      if let message = SignalingText.decode(RelayMessage.self, from: Array(frame.unmaskedData.readableBytesView)) {
        onEvent(.message(message))
      }
    case .ping:
      let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
    case .connectionClose:
      context.close(promise: nil)
    default:
      break
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A relay that goes away without a TLS close is one more way for a connection to end.
    context.close(promise: nil)
  }

  private func end() {
    guard !isClosed else { return }
    isClosed = true
    onEvent(.closed)
  }
}
