import Signaling
import Synchronization

/// A participant's way to its WebSocket, which may come and go.
final class SignalOutbox: Sendable {
  private let client = Mutex<SignalingClient?>(nil)

  private let hasEnded = Atomic(false)

  /// Whether the WebSocket is gone.
  var isClosed: Bool { hasEnded.load(ordering: .acquiring) }
  func noteClosed() { hasEnded.store(true, ordering: .releasing) }

  func attach(_ newClient: SignalingClient?) { client.withLock { $0 = newClient } }
  func send(_ message: ClientMessage) { client.withLock { $0 }?.send(message) }

  /// Cuts the connection without a word.
  func abort() {
    client.withLock { client in
      client?.abort()
      client = nil
    }
  }
}
