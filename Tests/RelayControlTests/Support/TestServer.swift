import Logging
import NIOCore
import RelayControl
import RelayEngine
import Signaling
import WireBytes

/// A control server on loopback, on ports of its own.
struct TestServer: Sendable {
  static let keyID = "key-1"
  static let secret = [UInt8](1...32)

  let server: ControlServer
  let gateway: RecordingGateway

  var port: Int { server.boundPort }

  /// Runs `body` with a server, and shuts the server down whatever happens.
  static func run(
    clock: ControlClock = .system(), _ adjust: (inout ControlConfiguration) throws -> Void = { _ in },
    _ body: (TestServer) async throws -> Void
  ) async throws {
    var configuration = ControlConfiguration(
      listen: (host: "127.0.0.1", port: 0), tls: nil, tokenKeys: [keyID: secret])
    configuration.limits.closeTimeout = .milliseconds(500)
    try adjust(&configuration)
    let gateway = RecordingGateway()
    let server = ControlServer(
      configuration: configuration, gateway: gateway, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: clock)
    try await server.start()
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(TestServer(server: server, gateway: gateway))) } catch {
      outcome = .failure(error)
    }
    await server.shutdown(deadline: .seconds(5))
    try outcome.get()
  }

  /// Connects and joins; returns the client and the connection that the shard knows it by.
  func join(_ room: RoomID = .sample) async throws -> (TestClient, ConnectionID) {
    let client = try await TestClient.connect(port: port)
    client.send(.join(.sample(room: room)))
    let (connection, _, _) = try await gateway.nextJoin()
    server.deliver(.send(connection, .joined(.sample(room: room))))
    guard case .joined = try await client.nextMessage() else { throw TestClient.Unexpected.notJoined }
    return (client, connection)
  }
}

extension ControlClock {
  /// A clock that stands still: no bucket fills up, however slow the machine.
  static let frozen: ControlClock = {
    let clock = ControlClock.system()
    let instant = clock.now()
    return ControlClock(now: { instant }, wall: clock.wall)
  }()
}

extension RoomID {
  static let sample = RoomID.numbered(7)

  static func numbered(_ number: UInt8) -> RoomID {
    guard let room = RoomID(bytes: [number] + [UInt8](1...15)) else { preconditionFailure("16 bytes make a room") }
    return room
  }
}

extension MemberID {
  static let sample = MemberID(bundleHash: [UInt8](repeating: 9, count: 32))
}

extension Join {
  static func sample(room: RoomID = .sample, token: String? = nil) -> Join {
    Join(room: room, token: token ?? .token(room: room), bundle: Blob([1, 2, 3]))
  }
}

extension Joined {
  static func sample(room: RoomID = .sample) -> Joined {
    Joined(
      member: .sample, room: room, epoch: 0, roster: [], head: LogHead(n: 1, hash: MembershipEntry.genesis),
      published: [], resumeToken: "again", resumed: false,
      limits: Joined.Limits(maxMembers: 10, maxSealedBytes: 49152, maxVideoBitrate: 2_500_000, resumeWindowMs: 30_000))
  }
}

extension String {
  /// A good join token, valid for a minute from `issuedAgo` seconds ago on.
  static func token(
    room: RoomID = .sample, issuedAgo: UInt64 = 0, secret: [UInt8] = TestServer.secret,
    grants: JoinToken.Grants = JoinToken.Grants(canPublish: true, canSubscribe: true)
  ) -> String {
    let clock = ControlClock.system()
    return JoinToken.mint(
      room: room, keyID: TestServer.keyID, secret: secret, grants: grants,
      nowUnixSeconds: clock.wall.unixSeconds(at: clock.now()) - issuedAgo, lifetimeSeconds: 60)
  }
}
