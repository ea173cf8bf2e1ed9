import Testing
import WebServer

@Suite struct ServingTests {
  private static let files: [(path: String, type: ContentType, text: String)] = [
    ("index.html", .html, "<!doctype html>"), ("app/main.js", .js, "export {};"), ("style.css", .css, "a{}"),
    ("pq.wasm", .wasm, "\0asm"), ("icon.svg", .svg, "<svg/>"), ("icon.png", .png, "png"), ("s.json", .json, "{}"),
    ("robots.txt", .txt, "none"),
  ]
  private static let site = Site(files.map { SiteFile(path: $0.path, type: $0.type, bytes: Array($0.text.utf8)) })

  @Test func `each file has its bytes, its type and its digest as a tag`() async throws {
    let types: [ContentType: String] = [
      .html: "text/html; charset=utf-8", .js: "text/javascript; charset=utf-8", .css: "text/css; charset=utf-8",
      .wasm: "application/wasm", .svg: "image/svg+xml", .png: "image/png", .json: "application/json",
      .txt: "text/plain; charset=utf-8",
    ]
    #expect(types.count == ContentType.allCases.count)
    try await RunningServer.with(Self.site) { server in
      for file in Self.files {
        let answer = try await RawHTTP.request(server.port, "/" + file.path)
        #expect(answer.status == 200 && answer.body == file.text, "\(file.path)")
        #expect(answer.field("content-type") == types[file.type])
        #expect(answer.field("content-length") == "\(file.text.utf8.count)")
        #expect(answer.field("etag") == "\"\(SiteFile.digest(file.text.utf8))\"")
        #expect(answer.field("cache-control") == "no-cache")
        #expect(answer.field("transfer-encoding") == nil)
      }
      #expect(try await RawHTTP.request(server.port, "/").body == "<!doctype html>")
    }
  }

  @Test func `the index, a query, escaped letters and the absolute form name the same page`() async throws {
    try await RunningServer.with(Self.site) { server in
      for target in [
        "/", "/?", "/?relay=ws://h/../..", "/index.html", "/%69ndex.html", "http://h/", "http://h", "HTTP://h?x",
        "http://h/index.html",
      ] {
        let answer = try await RawHTTP.request(server.port, target)
        #expect(answer.status == 200 && answer.body == "<!doctype html>", "\(target)")
      }
    }
  }

  @Test func `every answer carries the strict fields, errors included`() async throws {
    let policy =
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
      + "media-src 'self' blob: mediastream:; worker-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; "
      + "form-action 'none'; frame-ancestors 'none'"
    let tag = "\"\(SiteFile.digest("<!doctype html>".utf8))\""
    try await RunningServer.with(Self.site) { server in
      let answers = [
        try await RawHTTP.request(server.port, "/"), try await RawHTTP.request(server.port, "/missing.js"),
        try await RawHTTP.request(server.port, "/", method: "POST"), try await RawHTTP.request(server.port, "/.."),
        try await RawHTTP.request(server.port, "/", fields: ["If-None-Match: \(tag)"]),
        try await RawHTTP.send(server.port, "nonsense\r\n\r\n"),
      ]
      #expect(answers.map(\.status) == [200, 404, 405, 400, 304, 400])
      for answer in answers {
        #expect(answer.field("content-security-policy") == policy, "\(answer.text)")
        #expect(answer.field("x-content-type-options") == "nosniff")
        #expect(answer.field("referrer-policy") == "no-referrer")
        #expect(answer.field("permissions-policy") == "camera=(self), microphone=(self), display-capture=(self)")
        #expect(answer.field("cross-origin-opener-policy") == "same-origin")
        #expect(answer.field("server") == nil)
      }
      for answer in answers where answer.status >= 400 {
        #expect(answer.field("content-type") == "text/plain; charset=utf-8")
        #expect(answer.body.hasSuffix("\n") && !answer.body.contains("<"))
      }
    }
  }

  @Test func `HEAD has the fields of GET and no content`() async throws {
    try await RunningServer.with(Self.site) { server in
      for target in ["/", "/pq.wasm", "/missing", "/.."] {
        let get = try await RawHTTP.request(server.port, target)
        let head = try await RawHTTP.request(server.port, target, method: "HEAD")
        #expect(head.head == get.head && head.body.isEmpty && !get.body.isEmpty, "\(target)")
      }
    }
  }

  @Test func `a file that the browser has already is not sent again`() async throws {
    let tag = "\"\(SiteFile.digest("a{}".utf8))\""
    try await RunningServer.with(Self.site) { server in
      for value in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
        let answer = try await RawHTTP.request(server.port, "/style.css", fields: ["If-None-Match: \(value)"])
        #expect(answer.status == 304 && answer.body.isEmpty && answer.field("etag") == tag, "\(value)")
      }
      for value in ["\"other\"", "W/\"\"", "", String(tag.dropLast())] {
        let answer = try await RawHTTP.request(server.port, "/style.css", fields: ["If-None-Match: \(value)"])
        #expect(answer.status == 200 && answer.body == "a{}", "\(value)")
      }
    }
  }

  @Test func `other methods are refused, and told what is allowed`() async throws {
    try await RunningServer.with(Self.site) { server in
      for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
        let answer = try await RawHTTP.request(server.port, "/", method: method)
        #expect(answer.status == 405 && answer.field("allow") == "GET, HEAD", "\(method)")
      }
    }
  }

  @Test func `a connection serves several requests, in order, also when they come at once`() async throws {
    try await RunningServer.with(Self.site) { server in
      let requests = ["/style.css", "/missing", "/s.json", "/robots.txt"].map {
        "GET \($0) HTTP/1.1\r\nHost: h\r\n\r\n"
      }
      let last = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
      let answer = try await RawHTTP.send(server.port, requests.joined() + last)
      #expect(answer.statuses == [200, 404, 200, 200, 200])
      #expect(answer.text.hasSuffix("<!doctype html>"))
      // What comes after the one that closes is not looked at.
      let cut = try await RawHTTP.send(server.port, last + requests[0])
      #expect(cut.statuses == [200])
    }
  }

  @Test func `a client of HTTP 1.0 is answered and the connection closed`() async throws {
    try await RunningServer.with(Self.site) { server in
      let answer = try await RawHTTP.send(server.port, "GET /style.css HTTP/1.0\r\n\r\n")
      #expect(answer.status == 200 && answer.body == "a{}" && answer.field("connection") == "close")
    }
  }

  @Test func `a large file arrives whole`() async throws {
    let bytes = (0..<(3 << 20)).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    let site = Site([SiteFile(path: "large.txt", type: .txt, bytes: bytes)])
    try await RunningServer.with(site) { server in
      let answer = try await RawHTTP.request(server.port, "/large.txt")
      #expect(Array(answer.body.utf8) == bytes)
    }
  }
}
