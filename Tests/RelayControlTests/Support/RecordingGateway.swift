import RelayControl
import RelayEngine
import Signaling
import Synchronization
import WireBytes

/// Stands in for the shards: records what it is told.
final class RecordingGateway: EngineGateway {
  struct Submission: Sendable {
    let command: EngineCommand
    let shard: Int
  }

  struct Unexpected: Error { let command: EngineCommand }

  let submissions = Mailbox<Submission>()
  private let ready = Mutex(true)

  func submit(_ command: EngineCommand, shard: Int) { submissions.put(Submission(command: command, shard: shard)) }

  func place(_ join: Join) -> ShardSeat {
    ShardSeat(shard: Self.shard(of: join.room), home: Self.shard(of: join.room))
  }

  func metricsText() async -> String { "# TYPE sfu_rooms gauge\nsfu_rooms 3\n" }

  var isReady: Bool {
    get { ready.withLock { $0 } }
    set { ready.withLock { $0 = newValue } }
  }

  static func shard(of room: RoomID) -> Int { Int(room.bytes[0]) }

  func nextJoin() async throws -> (connection: ConnectionID, join: AdmittedJoin, shard: Int) {
    let submission = try await submissions.next()
    guard case .join(let connection, let join) = submission.command else {
      throw Unexpected(command: submission.command)
    }
    return (connection, join, submission.shard)
  }

  func nextMessage() async throws -> (connection: ConnectionID, message: ClientMessage, shard: Int) {
    let submission = try await submissions.next()
    guard case .message(let connection, let message) = submission.command else {
      throw Unexpected(command: submission.command)
    }
    return (connection, message, submission.shard)
  }

  func nextDisconnected() async throws -> ConnectionID {
    let submission = try await submissions.next()
    guard case .disconnected(let connection) = submission.command else {
      throw Unexpected(command: submission.command)
    }
    return connection
  }
}
