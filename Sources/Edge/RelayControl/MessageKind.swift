package import Signaling

/// The types of client messages, as a closed set: limits and metrics are kept for each.
package enum MessageKind: UInt8, CaseIterable, Sendable {
  case join, offer, publish, unpublish, subscribe, unsubscribe, constraints, mute, sealed, ready, leave, ping
  /// A type from another version of the protocol.
  case unknown

  package init(_ message: ClientMessage) {
    self =
      switch message {
      case .join: .join
      case .offer: .offer
      case .publish: .publish
      case .unpublish: .unpublish
      case .subscribe: .subscribe
      case .unsubscribe: .unsubscribe
      case .constraints: .constraints
      case .mute: .mute
      case .sealed: .sealed
      case .ready: .ready
      case .leave: .leave
      case .ping: .ping
      case .unknown: .unknown
      }
  }

  /// The `type` on the wire, and the metrics' label.
  package var label: String { "\(self)" }
}
