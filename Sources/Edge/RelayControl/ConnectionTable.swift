import NIOCore
import RelayEngine
import Synchronization

/// The open connections of the listener, from TCP accept to close, and the one place that knows how many there are.
final class ConnectionTable: Sendable {
  /// A connection's handler and the loop it is confined to.
  struct Session: Sendable {
    let handler: NIOLoopBound<SessionHandler>
    let eventLoop: any EventLoop

    func perform(_ body: @escaping @Sendable (SessionHandler) -> Void) {
      eventLoop.execute { body(handler.value) }
    }
  }

  private struct Entry {
    let channel: any Channel
    /// Nil until the WebSocket handshake is done.
    var session: Session?
  }

  private struct State {
    var entries: [ConnectionID: Entry] = [:]
    var lastID: UInt64 = 0
    var isDraining = false
    var onEmpty: (@Sendable () -> Void)?
  }

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int) { self.capacity = capacity }

  /// Nil when there is no room, or no new connection is wanted any more.
  func add(_ channel: any Channel) -> ConnectionID? {
    state.withLock { state in
      guard !state.isDraining, state.entries.count < capacity else { return nil }
      state.lastID += 1
      let connection = ConnectionID(rawValue: state.lastID)
      state.entries[connection] = Entry(channel: channel, session: nil)
      return connection
    }
  }

  /// False when the connection came too late: the server is going down.
  func attach(_ session: Session, to connection: ConnectionID) -> Bool {
    state.withLock { state in
      guard !state.isDraining else { return false }
      state.entries[connection]?.session = session
      return state.entries[connection] != nil
    }
  }

  func remove(_ connection: ConnectionID) {
    let onEmpty = state.withLock { state -> (@Sendable () -> Void)? in
      state.entries[connection] = nil
      return state.entries.isEmpty ? state.onEmpty.take() : nil
    }
    onEmpty?()
  }

  func session(_ connection: ConnectionID) -> Session? {
    state.withLock { $0.entries[connection]?.session }
  }

  /// Those that are open, grouped by the loop that they are confined to.
  func sessions(_ connections: [ConnectionID]) -> [[Session]] {
    let open = state.withLock { state in connections.compactMap { state.entries[$0]?.session } }
    return Array(Dictionary(grouping: open) { ObjectIdentifier($0.eventLoop) }.values)
  }

  /// From now on `add` and `attach` refuse. Returns the sessions to say goodbye to, and the channels that have none.
  func drain() -> (sessions: [Session], others: [any Channel]) {
    state.withLock { state in
      state.isDraining = true
      return (
        state.entries.values.compactMap(\.session),
        state.entries.values.filter { $0.session == nil }.map(\.channel)
      )
    }
  }

  var isDraining: Bool { state.withLock { $0.isDraining } }

  /// All channels that are still open.
  var channels: [any Channel] { state.withLock { $0.entries.values.map(\.channel) } }

  /// Calls `body` once, when no connection is left; at once if there is none now.
  func whenEmpty(_ body: @escaping @Sendable () -> Void) {
    let isEmpty = state.withLock { state in
      guard !state.entries.isEmpty else { return true }
      state.onEmpty = body
      return false
    }
    if isEmpty { body() }
  }
}
