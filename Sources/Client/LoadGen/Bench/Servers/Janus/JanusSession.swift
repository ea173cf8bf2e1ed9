import NIOCore
import Synchronization

/// One session with Janus over one WebSocket: requests, each with the reply of its transaction.
final class JanusSession: Sendable {
  private static let patience = TimeAmount.seconds(15)
  /// The default of `session_timeout` is a minute.
  private static let keepAlive = TimeAmount.seconds(20)

  private struct State {
    var socket: JanusSocket?
    var session: UInt64?
    var transactions: UInt64 = 0
    var waiting: [String: EventLoopPromise<JanusReply>] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())
  private let loop: any EventLoop

  private init(loop: any EventLoop) { self.loop = loop }

  static func open(port: Int, on group: any EventLoopGroup) async throws -> JanusSession {
    let session = JanusSession(loop: group.next())
    let socket = try await JanusSocket.connect(port: port, on: group) {
      session.received($0)
    } onClose: {
      session.closed()
    }
    session.state.withLock { $0.socket = socket }
    let reply = try await session.request(JanusRequest(janus: "create"))
    session.state.withLock { $0.session = reply.data?.id }
    session.loop.scheduleRepeatedTask(initialDelay: keepAlive, delay: keepAlive) { task in
      if !session.keepAlive() { task.cancel() }
    }
    return session
  }

  func attach() async throws -> UInt64 {
    let reply = try await request(JanusRequest(janus: "attach", plugin: "janus.plugin.videoroom"))
    guard let handle = reply.data?.id else { throw CommandError("Janus attached no handle") }
    return handle
  }

  /// A message to the plugin; gives its answer, which for most comes after an acknowledgement.
  @discardableResult
  func message(
    _ body: JanusRequest.Body, to handle: UInt64, jsep: JanusRequest.Description? = nil
  ) async throws -> JanusReply {
    let reply = try await request(JanusRequest(janus: "message", handle_id: handle, body: body, jsep: jsep))
    if let error = reply.plugindata?.data.error { throw CommandError("Janus refused \(body.request): \(error)") }
    return reply
  }

  /// Its answer is an acknowledgement that nobody waits for.
  private func keepAlive() -> Bool {
    state.withLock { state in
      var request = JanusRequest(janus: "keepalive", transaction: "alive")
      request.session_id = state.session
      if !state.isClosed { state.socket?.send(request.text) }
      return !state.isClosed
    }
  }

  /// Ends the session and with it its handles.
  func close() async {
    _ = try? await request(JanusRequest(janus: "destroy"))
    state.withLock { $0.socket }?.close()
  }

  private func request(_ request: JanusRequest) async throws -> JanusReply {
    var request = request
    let promise = loop.makePromise(of: JanusReply.self)
    let (socket, transaction) = state.withLock { state in
      state.transactions += 1
      let transaction = "t\(state.transactions)"
      state.waiting[transaction] = promise
      request.session_id = state.session
      return (state.isClosed ? nil : state.socket, transaction)
    }
    request.transaction = transaction
    let kind = request.body?.request ?? request.janus
    let limit = loop.scheduleTask(in: Self.patience) {
      promise.fail(CommandError("Janus did not answer \(kind) within \(Self.patience.nanoseconds / 1_000_000_000) s"))
    }
    guard let socket else {
      limit.cancel()
      forget(transaction)?.fail(CommandError("Janus closed the connection"))
      return try await promise.futureResult.get()
    }
    socket.send(request.text)
    defer {
      limit.cancel()
      _ = forget(transaction)
    }
    let reply = try await promise.futureResult.get()
    if let error = reply.error { throw CommandError("Janus refused \(kind): \(error.reason)") }
    return reply
  }

  private func forget(_ transaction: String) -> EventLoopPromise<JanusReply>? {
    state.withLock { $0.waiting.removeValue(forKey: transaction) }
  }

  private func received(_ text: [UInt8]) {
    guard let reply = JanusReply(text: text), reply.janus != "ack",
      let transaction = reply.transaction
    else { return }
    forget(transaction)?.succeed(reply)
  }

  private func closed() {
    let waiting = state.withLock { state in
      defer { state.waiting = [:] }
      state.isClosed = true
      return state.waiting
    }
    for promise in waiting.values { promise.fail(CommandError("Janus closed the connection")) }
  }
}
