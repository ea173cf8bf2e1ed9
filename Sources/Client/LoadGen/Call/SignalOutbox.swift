import Signaling
import Synchronization

/// A participant's way to its WebSocket, which may come and go.
final class SignalOutbox: Sendable {
  private let client = Mutex<SignalingClient?>(nil)

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
