import NIOCore
import NIOPosix
import Testing
import WebServer

@Suite struct HostileRequestTests {
  private static let site = Site([SiteFile(path: "index.html", type: .html, bytes: Array("page".utf8))])

  @Test(arguments: [
    "/../secret.txt", "/a/../../secret.txt", "/./index.html", "/..", "/%2e%2e/secret.txt", "/%2E%2e/%2e%2E/etc/passwd",
    "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/..\\secret.txt", "/..%5csecret.txt", "/%5c..%5csecret.txt",
    "/%00", "/index.html%00.png", "/%", "/%2", "/%zz", "/%-1", "/a%0d%0ab", "/%ff", "/%c0%ae%c0%ae/x", "/a%20b",
    "http://h/../secret.txt", "http://h/%2e%2e/secret.txt", "secret.txt", "*", "?x", "file:///etc/passwd",
    "/a\u{1}b", "/\u{7f}",
  ])
  func `a path with tricks is a bad request`(_ target: String) async throws {
    try await RunningServer.with(Self.site) { server in
      let answer = try await RawHTTP.request(server.port, target)
      #expect(answer.status == 400, "\(answer.text)")
      #expect(!answer.text.contains("secret\n") && !answer.text.contains("page"))
    }
  }

  @Test(arguments: [
    "//", "//index.html", "/index.html/", "/index.html/x", "/INDEX.HTML", "/index", "/%252e%252e/secret.txt", "/~root",
    "/secret.txt", "/file.txt", "/folder/secret.txt", "/root/etc/passwd", "/%2findex.html", "/README.md",
    "/.hidden.txt",
    "/index.html.bak", "/...",
  ])
  func `a path that names nothing of the page is not found`(_ target: String) async throws {
    let scratch = try ScratchSite([
      "index.html": "page", "README.md": "no", ".hidden.txt": "no", "index.html.bak": "no",
    ])
    try scratch.link("file.txt", to: "\(scratch.outside)/secret.txt")
    try scratch.link("folder", to: scratch.outside)
    try scratch.link("root", to: "/")
    try await RunningServer.with(try SiteFolder(path: scratch.path).load()) { server in
      let answer = try await RawHTTP.request(server.port, target)
      #expect(answer.status == 404 && answer.body == "nothing here\n", "\(answer.text)")
    }
  }

  @Test func `what is added to the folder later is not served, and what is changed stays as it was`() async throws {
    let scratch = try ScratchSite(["index.html": "page"])
    try await RunningServer.with(try SiteFolder(path: scratch.path).load()) { server in
      try scratch.write("new", to: "new.js")
      try scratch.write("changed", to: "index.html")
      #expect(try await RawHTTP.request(server.port, "/new.js").status == 404)
      #expect(try await RawHTTP.request(server.port, "/").body == "page")
    }
  }

  @Test(arguments: [
    "nonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nbad field: x\r\n\r\n",
    "GET / HTTP/1.1\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  ])
  func `a malformed request is one bad answer and the end of the connection`(_ text: String) async throws {
    try await RunningServer.with(Self.site) { server in
      let answer = try await RawHTTP.send(server.port, text)
      #expect(answer.statuses == [400] || answer.statuses == [405], "\(answer.text)")
      #expect(answer.field("connection") == "close")
      #expect(try await RawHTTP.request(server.port, "/").body == "page")
    }
  }

  @Test func `a fault in a later request does not spoil the answers before it`() async throws {
    try await RunningServer.with(Self.site) { server in
      let answer = try await RawHTTP.send(server.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\nnonsense\r\n\r\n")
      #expect(answer.statuses == [200, 400], "\(answer.text)")
    }
  }

  @Test func `content of a refused request is not taken for a request`() async throws {
    let inner = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    try await RunningServer.with(Self.site) { server in
      for fields in ["Content-Length: \(inner.utf8.count)\r\n", ""] {
        let answer = try await RawHTTP.send(server.port, "POST / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\(inner)")
        #expect(answer.statuses == [405], "\(answer.text)")
      }
    }
  }

  @Test func `a request that is too large is told so`() async throws {
    let limit = SiteLimits().headBytes
    let long = String(repeating: "x", count: limit)
    let many = (0...SiteLimits().headFields).map { "X-\($0): y\r\n" }.joined()
    try await RunningServer.with(Self.site) { server in
      for text in [
        "GET /\(long) HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX: \(long)\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\(many)\r\n", "GET /\(long)",
      ] {
        let answer = try await RawHTTP.send(server.port, text)
        #expect(answer.statuses == [431] && answer.field("connection") == "close", "\(answer.text)")
      }
      let fits = String(repeating: "x", count: limit - 200)
      #expect(try await RawHTTP.request(server.port, "/", fields: ["X: \(fits)"]).status == 200)
    }
  }

  @Test func `a connection that says nothing, or not enough, is let go`() async throws {
    var limits = SiteLimits()
    limits.requestTimeout = .milliseconds(100)
    try await RunningServer.with(Self.site, limits: limits) { server in
      for text in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: h\r\n"] {
        #expect(try await RawHTTP.send(server.port, text).text.isEmpty)
      }
      // Between two requests as well.
      let answer = try await RawHTTP.send(server.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(answer.statuses == [200])
    }
  }

  @Test func `a client that asks much and reads nothing is let go`() async throws {
    var limits = SiteLimits()
    limits.responseTimeout = .milliseconds(200)
    let site = Site([SiteFile(path: "large.txt", type: .txt, bytes: [UInt8](repeating: 97, count: 8 << 20))])
    try await RunningServer.with(site, limits: limits) { server in
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.autoRead, value: false)
        .connect(host: "127.0.0.1", port: server.port).get()
      let request = "GET /large.txt HTTP/1.1\r\nHost: h\r\n\r\n"
      try await channel.writeAndFlush(channel.allocator.buffer(string: String(repeating: request, count: 50)))
      let closed = Mailbox<Bool>()
      channel.closeFuture.whenComplete { _ in closed.put(true) }
      // The end of a connection is seen by reading or writing.
      let poke = channel.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) {
        _ in
        channel.writeAndFlush(ByteBuffer(string: request), promise: nil)
      }
      #expect(try await closed.take())
      poke.cancel()
    }
  }

  @Test func `there is a limit to connections, and room again when one has gone`() async throws {
    var limits = SiteLimits()
    limits.connections = 2
    try await RunningServer.with(Self.site, limits: limits) { server in
      let first = try await open(server.port)
      let second = try await open(server.port)
      #expect(try await RawHTTP.send(server.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").text.isEmpty)
      try await first.close().get()
      var status = 0
      for _ in 0..<200 where status != 200 { status = try await RawHTTP.request(server.port, "/").status }
      #expect(status == 200)
      try await second.close().get()
    }
  }

  /// A connection that the server has taken in: it has answered on it.
  private func open(_ port: Int) async throws -> any Channel {
    let answered = Mailbox<Bool>()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(FirstByte(arrived: answered))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
    _ = try await answered.take()
    return channel
  }
}

private final class FirstByte: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let arrived: Mailbox<Bool>

  init(arrived: Mailbox<Bool>) { self.arrived = arrived }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { arrived.put(true) }
}
