package import Signaling

/// The types of client messages, as a closed set: limits and metrics are kept for each.
package enum MessageKind: UInt8, CaseIterable, Sendable {
  case join, offer, publish, unpublish, subscribe, unsubscribe, constraints, mute, sealed, ready, leave, ping
  /// A `sealed` without `to`: one message in, one out for every other member, so it has a limit of its own.
  case sealedToAll
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
      case .sealed(let sealed): sealed.to == nil ? .sealedToAll : .sealed
      case .ready: .ready
      case .leave: .leave
      case .ping: .ping
      case .unknown: .unknown
      }
  }

  /// The `type` on the wire (but for `sealedToAll`), and the metrics' label.
  package var label: String { self == .sealedToAll ? "sealed_to_all" : "\(self)" }
}
