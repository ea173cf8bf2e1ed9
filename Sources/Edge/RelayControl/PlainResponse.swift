import NIOCore
import NIOHTTP1

/// A short HTTP answer after which the connection is closed.
struct PlainResponse: Sendable {
  var status: HTTPResponseStatus
  var contentType = "text/plain; charset=utf-8"
  var headers: [(String, String)] = []
  var body: String

  func write(to channel: any Channel) {
    var head = HTTPResponseHead(version: .http1_1, status: status)
    head.headers.add(name: "content-type", value: contentType)
    head.headers.add(name: "content-length", value: String(body.utf8.count))
    head.headers.add(name: "connection", value: "close")
    for (name, value) in headers { head.headers.add(name: name, value: value) }
    channel.write(HTTPServerResponsePart.head(head), promise: nil)
    channel.write(
      HTTPServerResponsePart.body(.byteBuffer(channel.allocator.buffer(string: body))), promise: nil)
    channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
  }
}
