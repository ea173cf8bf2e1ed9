import Signaling

/// Messages kept for a member whose signalling is away, bounded in number and in bytes.
struct MessageBacklog {
  /// More than a busy room produces in the resume window.
  private static let messageLimit = 4_096
  /// What other members may make the relay hold for one that is away.
  private static let byteLimit = 4 * 1_024 * 1_024
  /// A message without bodies, roughly.
  private static let messageSize = 256

  private var messages: [RelayMessage] = []
  private var bytes = 0

  /// False when it is full: then a message would be missing, and order is promised.
  mutating func append(_ message: RelayMessage) -> Bool {
    let size = Self.size(of: message)
    guard messages.count < Self.messageLimit, bytes + size <= Self.byteLimit else { return false }
    messages.append(message)
    bytes += size
    return true
  }

  mutating func takeAll() -> [RelayMessage] {
    defer { self = MessageBacklog() }
    return messages
  }

  private static func size(of message: RelayMessage) -> Int {
    switch message {
    case .sealed(let sealed): messageSize + sealed.body.bytes.count
    case .membership(let change): messageSize + (change.bundle?.bytes.count ?? 0)
    default: messageSize
    }
  }
}
