package import E2EKeys
package import RelayEngine
package import Signaling
package import WireBytes

/// A member without media: end-to-end keys and a signalling connection, in somebody's hands.
///
/// It takes part in key agreement like any other; what it opens or seals goes past the relay.
package final class Puppet {
  package let keys: CallKeys
  package let connection: ConnectionID
  package private(set) var events: [KeyEvent] = []
  /// Sealed messages that reached it, before they were opened.
  package private(set) var received: [SealedFromMember] = []
  /// Whether it sends what its keys want to send, heartbeats included.
  package var answers = true

  init(keys: CallKeys, connection: ConnectionID) {
    self.keys = keys
    self.connection = connection
  }

  package var id: MemberID { keys.member }
  package var nextDeadline: MonotonicInstant { keys.nextDeadline }

  /// Whether its keys open a sealed frame; a frame counts as opened.
  package func opens(_ sealed: [UInt8], at now: MonotonicInstant) -> Bool {
    (try? keys.open(sealed, at: now)) != nil
  }

  func receive(_ message: RelayMessage, at now: MonotonicInstant) -> [ClientMessage] {
    switch message {
    case .joined(let joined): keys.joined(joined, at: now)
    case .membership(let change): keys.membershipChanged(change, at: now)
    case .rekey(let rekey): keys.rekey(rekey, at: now)
    case .sealed(let sealed):
      received.append(sealed)
      keys.receive(sealed, at: now)
    default: break
    }
    return takeMessages()
  }

  func expire(at now: MonotonicInstant) -> [ClientMessage] {
    keys.expire(at: now)
    return takeMessages()
  }

  private func takeMessages() -> [ClientMessage] {
    var messages: [ClientMessage] = []
    for action in keys.takeActions() {
      switch action {
      case .send(let sealed): messages.append(.sealed(sealed))
      case .ready(let epoch): messages.append(.ready(Ready(epoch: epoch)))
      case .event(let event): events.append(event)
      }
    }
    return answers ? messages : []
  }
}
