import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// One plain WebSocket that carries texts of Janus' own protocol, on loopback.
final class JanusSocket: Sendable {
  private static let maximumText = 4 << 20
  private let channel: any Channel

  private init(channel: any Channel) { self.channel = channel }

  /// `onText` is called on an event loop, in order; `onClose` last and once.
  static func connect(
    port: Int, on group: any EventLoopGroup, onText: @escaping @Sendable ([UInt8]) -> Void,
    onClose: @escaping @Sendable () -> Void
  ) async throws -> JanusSocket {
    let upgraded = try await ClientBootstrap(group: group)
      .connectTimeout(.seconds(5))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          let upgraded = try upgradePipeline(of: channel, port: port, onText: onText, onClose: onClose)
          let limit = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
          upgraded.whenComplete { _ in limit.cancel() }
          return upgraded
        }
      }
    return JanusSocket(channel: try await upgraded.get())
  }

  func send(_ text: [UInt8]) {
    channel.eventLoop.execute { [channel] in
      let frame = WebSocketFrame(
        fin: true, opcode: .text, maskKey: .random(), data: channel.allocator.buffer(bytes: text))
      channel.writeAndFlush(frame, promise: nil)
    }
  }

  func close() { channel.close(mode: .all, promise: nil) }

  private static func upgradePipeline(
    of channel: any Channel, port: Int, onText: @escaping @Sendable ([UInt8]) -> Void,
    onClose: @escaping @Sendable () -> Void
  ) throws -> EventLoopFuture<any Channel> {
    let upgrader = NIOTypedWebSocketClientUpgrader<any Channel>(
      maxFrameSize: maximumText,
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            NIOWebSocketFrameAggregator(
              minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024, maxAccumulatedFrameSize: maximumText))
          try channel.pipeline.syncOperations.addHandler(Handler(onText: onText, onClose: onClose))
          return channel
        }
      })
    let headers = HTTPHeaders([("Host", "127.0.0.1:\(port)"), ("Sec-WebSocket-Protocol", "janus-protocol")])
    let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: headers)
    let configuration = NIOTypedHTTPClientUpgradeConfiguration<any Channel>(
      upgradeRequestHead: request, upgraders: [upgrader],
      notUpgradingCompletionHandler: { channel in
        channel.eventLoop.makeFailedFuture(CommandError("the server at port \(port) does not speak Janus' protocol"))
      })
    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
      configuration: .init(upgradeConfiguration: configuration))
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let onText: @Sendable ([UInt8]) -> Void
    private let onClose: @Sendable () -> Void

    init(onText: @escaping @Sendable ([UInt8]) -> Void, onClose: @escaping @Sendable () -> Void) {
      self.onText = onText
      self.onClose = onClose
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let frame = unwrapInboundIn(data)
      switch frame.opcode {
      case .text: onText(Array(frame.unmaskedData.readableBytesView))
      case .ping:
        let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
        context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
      case .connectionClose: context.close(promise: nil)
      default: break
      }
    }

    func channelInactive(context: ChannelHandlerContext) {
      onClose()
      context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
