package import NIOCore
package import NIOHTTP1

/// The answer to one request.
package struct SiteResponse: Sendable {
  package let status: HTTPResponseStatus
  package private(set) var fields: HTTPHeaders
  /// Nil for HEAD and 304; what it would be is in the fields.
  package private(set) var body: ByteBuffer?

  /// Answers from `site` alone: the same request has the same answer at any time.
  package init(to head: HTTPRequestHead, from site: Site) {
    guard head.method == .GET || head.method == .HEAD else {
      self = Self(.methodNotAllowed, "only GET and HEAD")
      fields.add(name: "allow", value: "GET, HEAD")
      return
    }
    guard Self.isComplete(head), case .path(let path) = RequestTarget(head.uri) else {
      self = Self(.badRequest, "this request cannot be understood")
      if head.method == .HEAD { body = nil }
      return
    }
    if let file = site.file(at: path) {
      self = Self(file, ifNoneMatch: head.headers[canonicalForm: "if-none-match"].map { String($0) })
    } else {
      self = Self(.notFound, "nothing here")
    }
    if head.method == .HEAD { body = nil }
  }

  /// A short text, for what is not a file.
  package init(_ status: HTTPResponseStatus, _ text: String) {
    self.status = status
    let body = ByteBuffer(string: text + "\n")
    fields = Self.fields(type: .txt)
    fields.add(name: "cache-control", value: "no-store")
    fields.add(name: "content-length", value: String(body.readableBytes))
    self.body = body
  }

  private init(_ file: SiteFile, ifNoneMatch: [String]) {
    fields = Self.fields(type: file.type)
    fields.add(name: "etag", value: file.entityTag)
    // Kept by the browser, but asked for each time: the page is the one that the server has now.
    fields.add(name: "cache-control", value: "no-cache")
    if Self.matches(file.entityTag, ifNoneMatch) {
      status = .notModified
      fields.remove(name: "content-type")
    } else {
      status = .ok
      fields.add(name: "content-length", value: String(file.content.readableBytes))
      body = file.content
    }
  }

  private static func fields(type: ContentType) -> HTTPHeaders {
    var fields = HTTPHeaders()
    fields.add(name: "content-type", value: type.fieldValue)
    for field in SecurityFields.all { fields.add(name: field.name, value: field.value) }
    return fields
  }

  /// One Host field (RFC 9112 section 3.2), and no content: no request here has any.
  private static func isComplete(_ head: HTTPRequestHead) -> Bool {
    let hosts = head.headers["host"]
    guard hosts.count == 1 || (hosts.isEmpty && head.version == .http1_0) else { return false }
    return head.headers["transfer-encoding"].isEmpty && head.headers["content-length"].allSatisfy { $0 == "0" }
  }

  /// RFC 9110 section 13.1.2, with its weak comparison.
  private static func matches(_ tag: String, _ candidates: [String]) -> Bool {
    candidates.contains { candidate in
      candidate == "*" || candidate == tag || candidate == "W/" + tag
    }
  }
}
