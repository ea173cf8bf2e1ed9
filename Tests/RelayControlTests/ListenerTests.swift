import HopCrypto
import Logging
import NIOSSL
import RelayControl
import RelayEngine
import Signaling
import Testing
import WireBytes

/// HTTP routes, TLS, start and stop.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ListenerTests {
  @Test func `pages of other origins cannot connect, clients that are no browsers can`() async throws {
    try await TestServer.run {
      $0.allowedOrigins = ["https://call.example"]
    } _: { test in
      func status(_ headers: [String]) async throws -> Int {
        try await RawHTTP.get(port: test.port, "/v1/call", headers: RawHTTP.webSocketHeaders + headers).status
      }
      #expect(try await status(["Origin: https://evil.example"]) == 403)
      #expect(try await status(["Origin: null"]) == 403)
      #expect(try await status(["Origin: https://call.example", "Origin: https://evil.example"]) == 403)
      #expect(test.server.counters.refused == [.forbiddenOrigin: 3])
      for headers in [[("Origin", "https://call.example")], []] {
        let client = try await TestClient.connect(port: test.port, headers: headers)
        client.send(.join(.sample()))
        _ = try await test.gateway.nextJoin()
      }
    }
  }

  @Test func `other paths and plain requests are told so`() async throws {
    try await TestServer.run { test in
      let upgrade = RawHTTP.webSocketHeaders
      let requests: [(path: String, headers: [String], status: Int)] = [
        ("/", [], 404), ("/v1/calls", upgrade, 404), ("/metrics", [], 404), ("/v1/call", [], 426),
        ("/v1/call", Array(upgrade.dropLast()), 426), ("/v1/call", ["no colon"], 400),
      ]
      for request in requests {
        let response = try await RawHTTP.get(port: test.port, request.path, headers: request.headers)
        #expect(response.status == request.status, "\(request.path) \(request.headers)")
      }
    }
  }

  @Test func `TLS 1_3 is spoken with the hybrid post-quantum group, older versions are not`() async throws {
    let made = try HopCertificate.selfSignedPEM(commonName: "relay")
    let material = try TLSMaterial(
      certificateChainPEM: Array(made.certificatePEM.utf8), privateKeyPEM: Array(made.privateKeyPEM.utf8))
    #expect(material.fingerprint == made.sha256Fingerprint)
    try await TestServer.run {
      $0.tls = material
    } _: { test in
      var modern = TLSConfiguration.makeClientConfiguration()
      modern.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(made.certificatePEM.utf8)))
      modern.minimumTLSVersion = .tlsv13
      modern.curves = [.x25519_MLKEM768]
      let client = try await TestClient.connect(port: test.port, tls: try NIOSSLContext(configuration: modern))
      client.send(.join(.sample()))
      let (connection, _, _) = try await test.gateway.nextJoin()
      test.server.deliver(.close(connection, .consentLost))
      #expect(try await client.nextGoodbye() == (.consentLost, 1008))

      var old = modern
      old.curves = nil
      old.minimumTLSVersion = .tlsv12
      old.maximumTLSVersion = .tlsv12
      let context = try NIOSSLContext(configuration: old)
      await #expect(throws: (any Error).self) { try await TestClient.connect(port: test.port, tls: context) }
      #expect(test.server.counters.accepted == 1)
    }
  }

  @Test func `a certificate that cannot be used is one clear line`() throws {
    let made = try HopCertificate.selfSignedPEM(commonName: "relay")
    let (certificate, key) = (Array(made.certificatePEM.utf8), Array(made.privateKeyPEM.utf8))
    let nonsense = Array("nonsense".utf8)
    for (chain, key) in [(nonsense, key), (certificate, nonsense)] {
      let error = #expect(throws: ControlError.self) {
        try TLSMaterial(certificateChainPEM: chain, privateKeyPEM: key)
      }
      #expect(error?.reason == .certificate)
    }
    let error = #expect(throws: ControlError.self) {
      try TLSMaterial(certificateFile: "/nonexistent/cert.pem", privateKeyFile: "/nonexistent/key.pem")
    }
    #expect(error?.message.contains("/nonexistent/cert.pem") == true)
    #expect(error?.message.contains("\n") == false)
  }

  @Test func `a busy port is one clear line, for either listener, and nothing is left listening`() async throws {
    try await TestServer.run { test in
      for metricsIsBusy in [false, true] {
        var configuration = ControlConfiguration(
          listen: (host: "127.0.0.1", port: metricsIsBusy ? 0 : test.port), tls: nil, allowsJoinWithoutToken: true)
        configuration.metricsListen = (host: "127.0.0.1", port: metricsIsBusy ? test.port : 0)
        let second = ControlServer(
          configuration: configuration, gateway: test.gateway,
          logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let error = await #expect(throws: ControlError.self) { try await second.start() }
        #expect(error?.reason == .addressInUse)
        #expect(error?.message.contains("127.0.0.1:\(test.port)") == true)
        #expect(error?.message.contains("\n") == false)
        #expect(second.boundPort == 0 && second.boundMetricsPort == nil)
      }
    }
  }

  @Test func `a server that nobody could join, or with a weak key, does not start`() async throws {
    for keys in [[:], ["key": [UInt8](repeating: 1, count: 31)]] {
      let configuration = ControlConfiguration(
        listen: (host: "127.0.0.1", port: 0), tls: nil, tokenKeys: keys)
      let server = ControlServer(
        configuration: configuration, gateway: RecordingGateway(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let error = await #expect(throws: ControlError.self) { try await server.start() }
      #expect(error?.reason == .configuration)
    }
  }

  @Test func `shutdown says goodbye to everyone and lets nobody in`() async throws {
    try await TestServer.run { test in
      let (joined, connection) = try await test.join()
      let silent = try await TestClient.connect(port: test.port)
      await test.server.shutdown(deadline: .seconds(20))
      #expect(try await joined.nextGoodbye() == (.shutdown, 1001))
      #expect(try await silent.nextGoodbye() == (.shutdown, 1001))
      #expect(try await test.gateway.nextDisconnected() == connection)
      #expect(test.server.counters.connections == 0)
      #expect(test.server.counters.closed == [.shutdown: 2])
      await #expect(throws: (any Error).self) { try await TestClient.connect(port: test.port) }
    }
  }

  @Test func `shutdown does not wait longer than it may for clients that do not answer`() async throws {
    try await TestServer.run {
      $0.limits.closeTimeout = .seconds(3600)
    } _: { test in
      let client = try await TestClient.connect(port: test.port, answersClose: false)
      client.send(.join(.sample()))
      _ = try await test.gateway.nextJoin()
      await test.server.shutdown(deadline: .milliseconds(200))
      #expect(try await client.nextGoodbye() == (.shutdown, 1001))
    }
  }

  @Test func `metrics and health have a listener of their own`() async throws {
    try await TestServer.run {
      $0.metricsListen = (host: "127.0.0.1", port: 0)
    } _: { test in
      let port = try #require(test.server.boundMetricsPort)
      let metrics = try await RawHTTP.get(port: port, "/metrics")
      #expect(metrics.status == 200 && metrics.body == "# TYPE sfu_rooms gauge\nsfu_rooms 3\n")
      #expect(metrics.text.contains("content-type: text/plain; version=0.0.4"))
      #expect(try await RawHTTP.get(port: port, "/healthz").status == 200)
      test.gateway.isReady = false
      #expect(try await RawHTTP.get(port: port, "/healthz").status == 503)
      #expect(try await RawHTTP.get(port: port, "/v1/call").status == 404)
      #expect(try await RawHTTP.get(port: port, "/metrics", method: "POST").status == 405)
    }
  }
}
