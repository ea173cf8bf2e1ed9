import ClientEngine
import DTLS
import DatagramIO
import E2EKeys
import HopCrypto
import LoadGen
import NIOPosix
import SRTP
import Signaling
import Synchronization
import WireBytes

/// A client of the test's own: a whole participant over real sockets, which a test can break in every way.
final class Caller: Sendable {
  let number: Int
  let member: MemberID
  /// The port that its media comes from.
  let mediaPort: UInt16
  private let loop: DatagramLoop<CallerHost>
  private let connection: Connection

  private final class Connection: Sendable {
    let client = Mutex<SignalingClient?>(nil)
  }

  /// With `path` its media takes that way to the relay.
  init(
    _ number: Int, in invite: InviteSecret, token: String? = nil, path: HopPath? = nil,
    profiles: [SRTPProfile]? = nil
  ) throws {
    var configuration = ParticipantConfiguration(invite: invite)
    configuration.token = token
    configuration.audioSlots = 8
    configuration.videoSlots = 8
    if let profiles { configuration.srtpProfiles = profiles }
    let now = MonotonicClock.now()
    let port = try UDPPort(
      binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
    let connection = Connection()
    var member: MemberID?
    loop = try DatagramLoop(label: "caller.\(number)", port: port, slabCapacity: 512, batchCapacity: 256) {
      slab throws in
      let participant = try Participant(
        configuration, identity: try MemberIdentity(), dtls: try DTLSIdentity(), slab: slab,
        clock: MonotonicClock.wallClock(), random: .openSSL, at: now)
      member = participant.member
      return CallerHost(number: number, participant: participant, path: path) { message in
        connection.client.withLock { $0 }?.send(message)
      }
    }
    guard let member else { preconditionFailure("the loop makes its handler at once") }
    self.number = number
    self.connection = connection
    self.member = member
    mediaPort = port.local.port
    loop.start()
  }

  deinit { vanish() }

  /// Opens the WebSocket and joins.
  func join(_ relay: TestRelay) async throws {
    try await connect(relay)
    loop.perform { host, now, _ in host.participant.connected(at: now) }
  }

  /// Opens a new WebSocket and takes the old membership up again.
  func resume(_ relay: TestRelay) async throws {
    try await connect(relay)
    loop.perform { host, now, _ in host.participant.resume(at: now) }
  }

  private func connect(_ relay: TestRelay) async throws {
    let loop = loop
    let client = try await SignalingClient.connect(
      to: try relay.address, on: MultiThreadedEventLoopGroup.singleton
    ) { event in
      switch event {
      case .message(let message): loop.perform { host, now, batch in host.receive(message, at: now, into: batch) }
      case .closed: loop.perform { host, now, _ in host.connectionClosed(at: now) }
      }
    }
    connection.client.withLock { $0 = client }
  }

  /// Cuts the WebSocket without a word; media goes on.
  func cutSignaling() {
    connection.client.withLock { client in
      client?.abort()
      client = nil
    }
  }

  /// Is gone at once and says nothing, as a client whose process was killed.
  func vanish() {
    loop.stop()
    cutSignaling()
  }

  func leave() { loop.perform { host, now, batch in host.participant.leave(at: now, into: batch) } }

  /// Stops its media; the call goes on.
  func silence() { loop.perform { host, _, _ in host.silence() } }

  /// Sends a message past the participant.
  func say(_ message: ClientMessage) { connection.client.withLock { $0 }?.send(message) }

  /// Keeps what it sends from now on.
  func keepFrames() { loop.perform { host, _, _ in host.keepsFrames = true } }

  var record: CallerRecord { get async { await loop.query { host, _ in host.record } } }
  var statistics: ParticipantStatistics { get async { await loop.query { host, _ in host.participant.statistics } } }
  var sendingEpoch: UInt32? { get async { await loop.query { host, _ in host.participant.sendingEpoch } } }
  var keyHolders: [MemberID] { get async { await loop.query { host, _ in host.participant.keyHolders } } }

  /// The exporter's bytes of its DTLS session with the relay; nil before it is up.
  var hopKeys: [UInt8]? {
    get async { await loop.query { host, _ in try? host.participant.dtls?.exportKeyingMaterial() } }
  }
}
