import NIOCore
import NIOHTTP1

/// Answers the requests of one connection, one after the other, and lets go of one that takes too long.
final class SiteHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let site: Site
  private let limits: SiteLimits
  private var head: HTTPRequestHead?
  private var timer: Scheduled<Void>?
  private var isEnding = false

  init(site: Site, limits: SiteLimits) {
    self.site = site
    self.limits = limits
  }

  func handlerAdded(context: ChannelHandlerContext) { arm(limits.requestTimeout, context) }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isEnding else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      let response = SiteResponse(to: head, from: site)
      // What follows a refused request may be its content: it is not looked at.
      let refuses = response.status == .badRequest || response.status == .methodNotAllowed
      guard !refuses else { return end(with: response, to: head, context) }
      self.head = head
    case .body: break
    case .end:
      guard let head else { return }
      self.head = nil
      answer(SiteResponse(to: head, from: site), to: head, staysOpen: head.isKeepAlive, context)
    }
  }

  /// Not HTTP, or too large: NIO's parser stops here.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !isEnding, error is HTTPParserError else { return context.close(promise: nil) }
    let isTooLarge = error as? HTTPParserError == .headerOverflow
    let response =
      isTooLarge
      ? SiteResponse(.requestHeaderFieldsTooLarge, "the request is too large")
      : SiteResponse(.badRequest, "this request cannot be understood")
    end(with: response, to: head, context)
  }

  private func end(with response: SiteResponse, to head: HTTPRequestHead?, _ context: ChannelHandlerContext) {
    isEnding = true
    answer(response, to: head, staysOpen: false, context)
  }

  private func answer(
    _ response: SiteResponse, to request: HTTPRequestHead?, staysOpen: Bool, _ context: ChannelHandlerContext
  ) {
    isEnding = !staysOpen
    arm(limits.responseTimeout, context)
    var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.fields)
    if !staysOpen {
      head.headers.add(name: "connection", value: "close")
    } else if let request, request.version.minor == 0 {
      head.headers.add(name: "connection", value: "keep-alive")
    }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let written = context.eventLoop.makePromise(of: Void.self)
    let body = response.body ?? ByteBuffer()
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(body))), promise: written)
    // The next request of the connection is looked at when this one's answer has left: a client that asks and does not
    // read costs one answer.
    written.futureResult.assumeIsolated().whenComplete { [self] result in
      guard case .success = result else { return context.close(promise: nil) }
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      if staysOpen { arm(limits.requestTimeout, context) } else { finish(context) }
    }
  }

  /// Closes after what the client may still be sending was taken in: a reset would take the answer away from it
  /// (RFC 9112 section 9.6).
  private func finish(_ context: ChannelHandlerContext) {
    arm(limits.lingerTimeout, context)
    context.close(mode: .output, promise: nil)
  }

  private func arm(_ timeout: TimeAmount, _ context: ChannelHandlerContext) {
    timer?.cancel()
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
  }
}
