import NIOCore
import NIOPosix

/// One HTTP request as text, and everything that comes back until the server closes.
enum RawHTTP {
  struct Response: Sendable {
    let text: String

    /// The number in the status line; 0 when there is none.
    var status: Int { Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0 }

    var body: String {
      guard let end = text.firstRange(of: "\r\n\r\n") else { return "" }
      return String(text[end.upperBound...])
    }
  }

  static func get(port: Int, _ path: String, headers: [String] = [], method: String = "GET") async throws -> Response {
    let arrived = Mailbox<[UInt8]>()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(20))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ByteReader(arrived: arrived))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    let lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"] + headers
    let request = channel.allocator.buffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    // A server that refuses at once may close before the request is out.
    channel.writeAndFlush(request, promise: nil)
    return Response(text: String(decoding: try await arrived.next(), as: UTF8.self))
  }

  static let webSocketHeaders = [
    "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ]
}

private final class ByteReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let arrived: Mailbox<[UInt8]>
  private var bytes: [UInt8] = []

  init(arrived: Mailbox<[UInt8]>) { self.arrived = arrived }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { bytes += unwrapInboundIn(data).readableBytesView }
  func channelInactive(context: ChannelHandlerContext) { arrived.put(bytes) }
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
