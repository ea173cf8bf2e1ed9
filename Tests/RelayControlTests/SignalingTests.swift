import NIOWebSocket
import RelayControl
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// Well-behaved clients against a real server.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SignalingFlowTests {
  @Test func `a client joins, offers, talks and leaves`() async throws {
    try await TestServer.run { test in
      let client = try await TestClient.connect(port: test.port)
      let grants = JoinToken.Grants(canPublish: true, canSubscribe: false)
      client.send(.join(.sample(token: .token(grants: grants))))
      let (connection, join, shard) = try await test.gateway.nextJoin()
      #expect(join.join.room == .sample && join.canPublish && !join.canSubscribe)
      #expect(shard == RecordingGateway.shard(of: .sample))
      test.server.deliver(.send(connection, .joined(.sample())))
      #expect(try await client.nextMessage() == .joined(.sample()))

      client.send(.offer(Offer(sdp: Self.offer.render())))
      guard case .offer(connection, let session) = try await test.gateway.submissions.next().command else {
        Issue.record("no offer arrived")
        return
      }
      #expect(session.sections.map(\.mid) == ["0"])
      let answer = SessionAnswer(
        iceUfrag: "abcd", icePwd: "0123456789012345678901", fingerprint: [UInt8](repeating: 7, count: 32),
        setup: .passive, candidates: [], sections: [], cname: "relay")
      test.server.deliver(.answer(connection, answer))
      #expect(try await client.nextMessage() == .answer(Answer(sdp: answer.render())))

      let messages: [ClientMessage] = [
        .publish(Publish(tracks: [.init(id: "mic", source: .microphone, mid: "0")])),
        .mute(Mute(track: "mic", muted: true)),
        .sealed(SealedToMember(to: .sample, body: Blob([1, 2, 3]))),
        .ready(Ready(epoch: 1)), .leave,
      ]
      for message in messages {
        client.send(message)
        let submitted = try await test.gateway.nextMessage()
        #expect(submitted.connection == connection && submitted.message == message && submitted.shard == shard)
      }
      test.server.deliver(.close(connection, .left))
      #expect(try await client.nextGoodbye() == (.left, 1000))
      #expect(test.gateway.submissions.waiting.isEmpty)
    }
  }

  @Test func `a broadcast reaches everyone it names, in order with what each is told alone, and nobody else`()
    async throws
  {
    try await TestServer.run { test in
      var members: [(client: TestClient, connection: ConnectionID)] = []
      for _ in 0..<5 { members.append(try await test.join()) }
      let named = members.prefix(4).map(\.connection) + [ConnectionID(rawValue: 9_999)]
      let before = test.server.counters
      for round in 0..<20 {
        test.server.deliver(.broadcast(named, .pong(Ping(id: UInt32(2 * round)))))
        for member in members { test.server.deliver(.send(member.connection, .pong(Ping(id: UInt32(2 * round + 1))))) }
      }
      for (index, member) in members.enumerated() {
        let expected: [UInt32] = index == 4 ? (0..<20).map { 2 * $0 + 1 } : Array(0..<40)
        for id in expected { #expect(try await member.client.nextMessage() == .pong(Ping(id: id))) }
      }
      let sent = test.server.counters.messagesSent["pong", default: 0] - before.messagesSent["pong", default: 0]
      #expect(sent == 20 * 9)
    }
  }

  private static let offer = ClientOffer(
    iceUfrag: "abcd", icePwd: "0123456789012345678901", fingerprint: [UInt8](repeating: 1, count: 32),
    sections: [.init(mid: "0", kind: .audio, sends: true, ssrc: SSRC(1))])

  @Test func `fragments with a ping between them become one message`() async throws {
    try await TestServer.run { test in
      let client = try await TestClient.connect(port: test.port)
      let text = SignalingText.encode(ClientMessage.join(.sample()))
      client.send(.text, isFinal: false, Array(text.prefix(10)))
      client.send(.ping, [1, 2, 3])
      client.send(.continuation, isFinal: false, Array(text[10..<50]))
      client.send(.continuation, Array(text[50...]))
      #expect(try await client.next() == .pong([1, 2, 3]))
      #expect(try await test.gateway.nextJoin().join.join.bundle == Blob([1, 2, 3]))
    }
  }

  @Test func `pings are answered without the shard`() async throws {
    try await TestServer.run { test in
      let (client, _) = try await test.join()
      client.send(.ping(Ping(id: 5)))
      #expect(try await client.nextMessage() == .pong(Ping(id: 5)))
      #expect(test.gateway.submissions.waiting.isEmpty)
    }
  }

  @Test func `unknown types are ignored`() async throws {
    try await TestServer.run { test in
      let (client, _) = try await test.join()
      client.send(text: #"{"type":"wave","hand":"left"}"#)
      #expect(try await client.roundTrip() == .pong(Ping(id: 77)))
      #expect(test.gateway.submissions.waiting.isEmpty)
      #expect(test.server.counters.messagesReceived[.unknown] == 1)
    }
  }

  @Test func `messages keep their order`() async throws {
    try await TestServer.run { test in
      let (client, connection) = try await test.join()
      for epoch in 0..<2000 {
        test.server.deliver(.send(connection, .pong(Ping(id: UInt32(epoch)))))
      }
      for epoch in 0..<2000 {
        guard try await client.nextMessage() == .pong(Ping(id: UInt32(epoch))) else {
          Issue.record("message \(epoch) is out of order")
          return
        }
      }
    }
  }

  @Test func `a client whose resume is refused joins anew on the same connection, on another shard`() async throws {
    try await TestServer.run { test in
      let client = try await TestClient.connect(port: test.port)
      client.send(.join(.sample()))
      let (connection, _, _) = try await test.gateway.nextJoin()
      test.server.deliver(
        .send(connection, .error(SignalingError(code: .resumeRefused, message: "no", about: "join"))))
      #expect(try await client.nextError().code == .resumeRefused)
      client.send(.join(.sample(room: .numbered(9))))
      let second = try await test.gateway.nextJoin()
      #expect(second.connection == connection && second.shard == 9)
    }
  }

  @Test func `a second join and a bad offer are refused, and the call goes on`() async throws {
    try await TestServer.run { test in
      let (client, _) = try await test.join()
      client.send(.join(.sample()))
      #expect(try await client.nextError().code == .badState)
      client.send(.offer(Offer(sdp: "v=0\r\nnonsense")))
      let error = try await client.nextError()
      #expect(error.code == .badOffer && error.about == "offer" && !error.message.contains("nonsense"))
      client.send(.ready(Ready(epoch: 1)))
      #expect(try await test.gateway.nextMessage().message == .ready(Ready(epoch: 1)))
    }
  }

  @Test func `the shard hears of a client that vanishes, and of one that closes`() async throws {
    try await TestServer.run { test in
      let (first, firstID) = try await test.join()
      first.abort()
      #expect(try await test.gateway.nextDisconnected() == firstID)
      let (second, secondID) = try await test.join()
      second.send(.connectionClose, [3, 232])
      #expect(try await test.gateway.nextDisconnected() == secondID)
      #expect(try await second.nextClose() == 1000)
      #expect(firstID != secondID)
    }
  }

  @Test func `without a token a client joins only where that is allowed`() async throws {
    try await TestServer.run {
      $0.tokenKeys = [:]
      $0.allowsJoinWithoutToken = true
    } _: { test in
      let client = try await TestClient.connect(port: test.port)
      client.send(.join(Join(room: .sample, token: nil, bundle: Blob([1]))))
      let join = try await test.gateway.nextJoin().join
      #expect(join.canPublish && join.canSubscribe)
    }
  }
}
