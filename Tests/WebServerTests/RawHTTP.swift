import NIOCore
import NIOPosix

/// Bytes to a server, and everything that comes back until it closes.
enum RawHTTP {
  struct Response: Sendable {
    let text: String

    /// The number in the first status line; 0 when there is none.
    var status: Int { Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var head: Substring { text.firstRange(of: "\r\n\r\n").map { text[..<$0.lowerBound] } ?? text[...] }
    var body: String { text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }
    /// The numbers of all status lines.
    var statuses: [Int] {
      text.split(separator: "HTTP/1.1 ").map { Int($0.prefix(3)) ?? 0 }
    }

    /// A field's value; nil if it is not there exactly once.
    func field(_ name: String) -> String? {
      let lines = head.split(separator: "\r\n").filter { $0.lowercased().hasPrefix(name + ":") }
      guard lines.count == 1 else { return nil }
      return String(lines[0].dropFirst(name.utf8.count + 1).drop { $0 == " " })
    }
  }

  /// One request after which the server is asked to close.
  static func request(
    _ port: Int, _ target: String, method: String = "GET", fields: [String] = []
  ) async throws -> Response {
    let lines = ["\(method) \(target) HTTP/1.1", "Host: localhost", "Connection: close"] + fields
    return try await send(port, lines.joined(separator: "\r\n") + "\r\n\r\n")
  }

  static func send(_ port: Int, _ text: String) async throws -> Response {
    let arrived = Mailbox<[UInt8]>()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(20))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ByteReader(arrived: arrived))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    // A server that refuses at once may close before the request is out.
    channel.writeAndFlush(channel.allocator.buffer(string: text), promise: nil)
    return Response(text: String(decoding: try await arrived.take(), as: UTF8.self))
  }
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
