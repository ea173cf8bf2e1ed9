import ClientEngine
import E2EKeys
import HopCrypto
import LoadGen
import Signaling
import Testing
import WireBytes

extension SystemTests {
  @Suite("a relay with TLS and join tokens") struct AdmissionTests {
    /// A token as an operator makes one.
    static func token(
      for room: RoomID, _ folder: ScratchFolder, secret: String = "secret", keyID: String = "test"
    ) async throws -> String {
      let run = try await RunningProcess.run(
        "sfu-relay",
        ["token", "--room", room.text, "--key-id", keyID, "--secret-file", folder.path(of: secret), "--ttl", "5m"],
        in: folder)
      #expect(run.exitCode == 0, "\(run.output)")
      return String(try #require(run.output.split(separator: "\n").first))
    }

    @Test("a wrong token is refused, and the call of those who have a right one goes on")
    func wrongToken() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.production(folder)
      #expect(relay.fingerprint != nil)
      let call = try await TestCall.start(relay) { try await Self.token(for: $0, folder) }
      try folder.write("another secret, as long as the right one is", to: "forged")
      let elsewhere = InviteSecret(random: .openSSL).room
      let right = try await Self.token(for: call.invite.room, folder)
      let tokens: [String?] = [
        nil, "", "not a token", right + "A", String(right.dropLast(4)),
        try await Self.token(for: call.invite.room, folder, secret: "forged"),
        try await Self.token(for: call.invite.room, folder, keyID: "unknown"),
        try await Self.token(for: elsewhere, folder),
      ]
      for (index, token) in tokens.enumerated() {
        let intruder = try Caller(10 + index, in: call.invite, token: token)
        try await intruder.join(relay)
        try await eventually("token \(index) is refused") {
          await intruder.record.ended == .joinRefused(.unauthorized)
        }
        try await eventually("the connection ends") { await intruder.record.closedConnections == 1 }
        #expect(await intruder.record.joins.isEmpty)
      }
      try await call.expectToGoOn()
      #expect(try await relay.metric("sfu_participants") == 4)
      #expect(try await relay.metric("sfu_signaling_tokens_refused_total") == Double(tokens.count))
    }

    @Test("a client that expects another certificate does not connect")
    func wrongCertificate() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.production(folder)
      let run = try await RunningProcess.run(
        "sfu-loadgen",
        [
          "call", "--quiet", "--relay", "wss://127.0.0.1:\(relay.signalingPort)", "--fingerprint",
          String(repeating: "ab", count: 32),
        ], in: folder)
      #expect(run.exitCode == 2)
      #expect(run.output.split(separator: "\n").count == 1, "\(run.output)")
    }
  }
}
