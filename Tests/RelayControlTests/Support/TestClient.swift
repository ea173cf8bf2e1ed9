import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Signaling

/// What a client gets from the server.
enum ServerFrame: Sendable, Equatable {
  case message(RelayMessage)
  case pong([UInt8])
  case close(UInt16?)
  /// The connection is closed.
  case end
}

/// A WebSocket client that can also misbehave.
final class TestClient: Sendable {
  enum Unexpected: Error { case frame(ServerFrame), notJoined, notUpgraded }

  let channel: any Channel
  let frames: Mailbox<ServerFrame>

  private init(channel: any Channel, frames: Mailbox<ServerFrame>) {
    self.channel = channel
    self.frames = frames
  }

  /// `answersClose`: whether it sends a close frame back, as RFC 6455 wants.
  static func connect(
    port: Int, tls: NIOSSLContext? = nil, headers: [(String, String)] = [], answersClose: Bool = true
  ) async throws -> TestClient {
    let frames = Mailbox<ServerFrame>()
    let upgraded: EventLoopFuture<any Channel> = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(20))
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost")) }
          return try pipeline.configureUpgradableHTTPClientPipeline(
            configuration: .init(upgradeConfiguration: upgrade(headers, frames, answersClose)))
        }
      }
    return TestClient(channel: try await upgraded.get(), frames: frames)
  }

  private static func upgrade(
    _ extra: [(String, String)], _ frames: Mailbox<ServerFrame>, _ answersClose: Bool
  ) -> NIOTypedHTTPClientUpgradeConfiguration<any Channel> {
    let upgrader = NIOTypedWebSocketClientUpgrader<any Channel>(
      maxFrameSize: 16 << 20, enableAutomaticErrorHandling: false,
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(FrameReader(frames: frames, answersClose: answersClose))
          return channel
        }
      })
    var headers = HTTPHeaders([("Host", "localhost"), ("Content-Length", "0")])
    for (name, value) in extra { headers.add(name: name, value: value) }
    return NIOTypedHTTPClientUpgradeConfiguration(
      upgradeRequestHead: HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v1/call", headers: headers),
      upgraders: [upgrader],
      notUpgradingCompletionHandler: { $0.eventLoop.makeFailedFuture(Unexpected.notUpgraded) })
  }

  func send(_ message: ClientMessage) { send(.text, SignalingText.encode(message)) }

  func send(text: String) { send(.text, Array(text.utf8)) }

  func send(_ opcode: WebSocketOpcode, isFinal: Bool = true, isMasked: Bool = true, _ bytes: [UInt8]) {
    let frame = WebSocketFrame(
      fin: isFinal, opcode: opcode, maskKey: isMasked ? .random() : nil,
      data: channel.allocator.buffer(bytes: bytes))
    channel.writeAndFlush(frame, promise: nil)
  }

  func next() async throws -> ServerFrame { try await frames.next() }

  func nextMessage() async throws -> RelayMessage {
    let frame = try await next()
    guard case .message(let message) = frame else { throw Unexpected.frame(frame) }
    return message
  }

  func nextError() async throws -> SignalingError {
    let frame = try await next()
    guard case .message(.error(let error)) = frame else { throw Unexpected.frame(frame) }
    return error
  }

  /// Goodbye, close frame, end of connection, in this order and with nothing between.
  func nextGoodbye() async throws -> (reason: Goodbye.Reason, code: UInt16?) {
    let frame = try await next()
    guard case .message(.goodbye(let goodbye)) = frame else { throw Unexpected.frame(frame) }
    return (goodbye.reason, try await nextClose())
  }

  func nextClose() async throws -> UInt16? {
    let frame = try await next()
    guard case .close(let code) = frame else { throw Unexpected.frame(frame) }
    let last = try await next()
    guard last == .end else { throw Unexpected.frame(last) }
    return code
  }

  /// Sends a ping and takes its pong: whatever the server had to say before has then arrived.
  func roundTrip(_ id: UInt32 = 77) async throws -> RelayMessage {
    send(.ping(Ping(id: id)))
    return try await nextMessage()
  }

  /// Ends the connection without a word.
  func abort() { channel.close(promise: nil) }
}

private final class FrameReader: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let frames: Mailbox<ServerFrame>
  private let answersClose: Bool

  init(frames: Mailbox<ServerFrame>, answersClose: Bool) {
    self.frames = frames
    self.answersClose = answersClose
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    var payload = frame.unmaskedData
    switch frame.opcode {
    case .text:
      let message = SignalingText.decode(RelayMessage.self, from: Array(payload.readableBytesView))
      frames.put(.message(message ?? .unknown(type: "not a message")))
    case .pong:
      frames.put(.pong(Array(payload.readableBytesView)))
    case .connectionClose:
      frames.put(.close(payload.readInteger(as: UInt16.self)))
      guard answersClose else { return }
      let answer = WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    default: break
    }
  }

  func channelInactive(context: ChannelHandlerContext) { frames.put(.end) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
