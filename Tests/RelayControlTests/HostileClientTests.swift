import NIOCore
import NIOWebSocket
import RelayControl
import RelayEngine
import Signaling
import Testing
import WireBytes

/// Clients that break the rules, against a real server.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HostileClientTests {
  private static let unsigned: String = {
    let claims = #"{"iss":"key-1","exp":99999999999,"video":{"room":"\#(RoomID.sample.text)","roomJoin":true}}"#
    return Base64URL.encode(Array(#"{"alg":"none"}"#.utf8)) + "." + Base64URL.encode(Array(claims.utf8)) + "."
  }()

  @Test(arguments: [
    (nil, TokenError.missing), ("nonsense", .malformed), (unsigned, .wrongAlgorithm),
    (.token(issuedAgo: 3600), .expired), (.token(room: .numbered(99)), .wrongRoom),
    (.token(secret: [UInt8](repeating: 1, count: 32)), .badSignature),
  ])
  func `a bad token is refused and told why`(token: String?, reason: TokenError) async throws {
    try await TestServer.run { test in
      let client = try await TestClient.connect(port: test.port)
      client.send(.join(Join(room: .sample, token: token, bundle: Blob([1]))))
      let error = try await client.nextError()
      #expect(error.code == .unauthorized && error.message == reason.sentence && error.about == "join")
      #expect(try await client.nextClose() == 1008)
      #expect(test.gateway.submissions.waiting.isEmpty)
      #expect(test.server.counters.tokensRefused == [reason: 1])
      #expect(test.server.counters.closed == [.unauthorized: 1])
    }
  }

  @Test func `the first message must be a join`() async throws {
    try await TestServer.run { test in
      let client = try await TestClient.connect(port: test.port)
      client.send(.leave)
      #expect(try await client.nextError().code == .badState)
      #expect(try await client.nextGoodbye() == (.protocolError, 1002))
      #expect(test.gateway.submissions.waiting.isEmpty)
    }
  }

  @Test func `who does not join in time is let go`() async throws {
    try await TestServer.run {
      $0.limits.joinTimeout = .milliseconds(100)
    } _: { test in
      let client = try await TestClient.connect(port: test.port)
      #expect(try await client.nextError().code == .badState)
      #expect(try await client.nextGoodbye() == (.protocolError, 1008))
    }
  }

  @Test func `malformed messages are counted, then the connection is closed`() async throws {
    try await TestServer.run { test in
      let (client, connection) = try await test.join()
      client.send(text: "{")
      client.send(text: "[]")
      client.send(text: #"{"type":"mute","track":1}"#)
      client.send(.text, [0xFF, 0xFE])
      client.send(.binary, SignalingText.encode(ClientMessage.leave))
      for _ in 0..<5 { #expect(try await client.nextError().code == .malformed) }
      #expect(try await client.nextGoodbye() == (.protocolError, 1002))
      #expect(try await test.gateway.nextDisconnected() == connection)
      #expect(test.server.counters.errors["malformed"] == 5)
    }
  }

  @Test func `a binary frame is malformed, and one does no harm`() async throws {
    try await TestServer.run { test in
      let (client, _) = try await test.join()
      client.send(.binary, SignalingText.encode(ClientMessage.leave))
      #expect(try await client.nextError().code == .malformed)
      #expect(try await client.roundTrip() == .pong(Ping(id: 77)))
    }
  }

  @Test func `a message too large for its type is refused, one too large for any ends the connection`() async throws {
    try await TestServer.run { test in
      let (client, connection) = try await test.join()
      client.send(text: #"{"type":"leave"}"# + String(repeating: " ", count: 20_000))
      let error = try await client.nextError()
      #expect(error.code == .tooLarge && error.about == "leave")
      client.send(.text, [UInt8](repeating: 32, count: 600 * 1024))
      #expect(try await client.nextError().code == .tooLarge)
      #expect(try await client.nextGoodbye() == (.protocolError, 1009))
      #expect(try await test.gateway.nextDisconnected() == connection)
    }
  }

  @Test func `fragments that grow too large end the connection`() async throws {
    try await TestServer.run { test in
      let (client, _) = try await test.join()
      client.send(.text, isFinal: false, [UInt8](repeating: 32, count: 300 * 1024))
      client.send(.continuation, [UInt8](repeating: 32, count: 300 * 1024))
      #expect(try await client.nextError().code == .tooLarge)
      #expect(try await client.nextGoodbye() == (.protocolError, 1009))
    }
  }

  @Test func `an unmasked frame ends the connection`() async throws {
    try await TestServer.run { test in
      let (client, _) = try await test.join()
      client.send(.text, isMasked: false, SignalingText.encode(ClientMessage.leave))
      #expect(try await client.nextGoodbye() == (.protocolError, 1002))
    }
  }

  @Test func `messages over the rate are dropped and told`() async throws {
    try await TestServer.run(clock: .frozen) {
      $0.limits.otherRate = ControlLimits.Rate(perSecond: 1, burst: 3)
      $0.limits.limitedBeforeClose = 3
    } _: { test in
      let (client, connection) = try await test.join()
      for epoch in 1...6 { client.send(.ready(Ready(epoch: UInt32(epoch)))) }
      for epoch in 1...3 {
        #expect(try await test.gateway.nextMessage().message == .ready(Ready(epoch: UInt32(epoch))))
      }
      for _ in 0..<2 {
        let error = try await client.nextError()
        #expect(error.code == .rateLimited && error.about == "ready")
      }
      #expect(try await client.nextGoodbye() == (.rateLimited, 1008))
      #expect(try await test.gateway.nextDisconnected() == connection)
    }
  }

  @Test func `a client that does not read is cut, and the others are not held up`() async throws {
    try await TestServer.run {
      $0.limits.maxQueuedBytes = 256 * 1024
    } _: { test in
      let (slow, slowID) = try await test.join()
      let (other, otherID) = try await test.join()
      try await slow.channel.setOption(.autoRead, value: false).get()
      let sealed = SealedFromMember(from: .sample, body: Blob([UInt8](repeating: 1, count: 48 * 1024)))
      // More than the kernel's buffers of both ends could ever hold: 100 rounds are 64 MiB of text.
      for round in 0..<100 where test.server.counters.closed[.slowConsumer] == nil {
        for _ in 0..<10 { test.server.deliver(.send(slowID, .sealed(sealed))) }
        test.server.deliver(.send(otherID, .pong(Ping(id: UInt32(round)))))
        #expect(try await other.nextMessage() == .pong(Ping(id: UInt32(round))))
      }
      #expect(test.server.counters.closed == [.slowConsumer: 1])
      #expect(try await test.gateway.nextDisconnected() == slowID)
    }
  }

  @Test func `a full server takes nobody more in`() async throws {
    try await TestServer.run {
      $0.maxConnections = 1
    } _: { test in
      let (client, _) = try await test.join()
      #expect(try await RawHTTP.get(port: test.port, "/v1/call", headers: RawHTTP.webSocketHeaders).text == "")
      #expect(test.server.counters.refused == [.capacity: 1])
      #expect(try await client.roundTrip() == .pong(Ping(id: 77)))
    }
  }
}
