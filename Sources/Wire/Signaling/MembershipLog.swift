package import WireBytes

/// Why an entry is in the membership log.
package enum MembershipCause: String, Codable, Sendable, Hashable, CaseIterable {
  /// The member joined with a new bundle.
  case joined
  /// The member said it leaves.
  case left
  /// The member's signalling was gone for longer than the resume window.
  case disconnected
  /// ICE consent expired and did not come back (RFC 7675).
  case consentLost = "consent_lost"
  /// The relay is shutting down or an operator closed the room.
  case closed

  /// The cause's byte in the hashed form of an entry.
  package var code: UInt8 {
    switch self {
    case .joined: 1
    case .left: 2
    case .disconnected: 3
    case .consentLost: 4
    case .closed: 5
    }
  }
}

/// One entry of a room's append-only membership log.
///
/// `head(n) = SHA3-256(hashedBytes)` of entry n; each entry holds the head before it, so that two members who compare
/// heads know whether they were shown the same room.
package struct MembershipEntry: Codable, Sendable, Hashable {
  package enum Kind: String, Codable, Sendable, Hashable { case join, leave }

  /// Position in the log, from 1. The `n` of a member's join entry is its *join index*: unique in the call, and the
  /// sender index in SFrame key identifiers.
  package let n: UInt32
  package let kind: Kind
  package let member: MemberID
  /// SHA3-256 of the member's key bundle.
  package let bundleHash: Blob
  package let cause: MembershipCause
  /// The head before this entry; 32 zero bytes for the first.
  package let previous: Blob

  package init(
    n: UInt32, kind: Kind, member: MemberID, bundleHash: Blob, cause: MembershipCause, previous: Blob
  ) {
    self.n = n
    self.kind = kind
    self.member = member
    self.bundleHash = bundleHash
    self.cause = cause
    self.previous = previous
  }

  package static let genesis = Blob([UInt8](repeating: 0, count: 32))

  /// The bytes whose SHA3-256 is the log head after this entry.
  package func hashedBytes(room: RoomID) -> [UInt8] {
    var bytes = Array("SEALEDSFU-LOG-V1".utf8)
    bytes += room.bytes
    bytes.append(u32: n)
    bytes.append(kind == .join ? 1 : 2)
    bytes += member.bytes
    bytes += bundleHash.bytes
    bytes.append(cause.code)
    bytes += previous.bytes
    return bytes
  }
}

/// A member as the roster names it.
package struct RosterMember: Codable, Sendable, Hashable {
  /// `n` of the member's join entry.
  package let joinIndex: UInt32
  package let member: MemberID
  package let bundle: Blob
  /// What the member said it can do. Nothing that is agreed on depends on it: the relay could change it.
  package var capabilities: [String]?

  package init(joinIndex: UInt32, member: MemberID, bundle: Blob, capabilities: [String]? = nil) {
    self.joinIndex = joinIndex
    self.member = member
    self.bundle = bundle
    self.capabilities = capabilities
  }
}

/// The canonical bytes of a roster, whose SHA3-256 is the roster hash that an epoch's keys are bound to.
package enum RosterEncoding {
  package struct Item: Hashable, Sendable {
    package let joinIndex: UInt32
    package let member: MemberID
    package let bundleHash: [UInt8]

    package init(joinIndex: UInt32, member: MemberID, bundleHash: [UInt8]) {
      self.joinIndex = joinIndex
      self.member = member
      self.bundleHash = bundleHash
    }
  }

  /// `items` in log order, that is by ascending join index.
  package static func hashedBytes(room: RoomID, items: [Item]) -> [UInt8] {
    var bytes = Array("SEALEDSFU-ROSTER-V1".utf8)
    bytes += room.bytes
    bytes.append(u32: UInt32(items.count))
    for item in items {
      bytes.append(u32: item.joinIndex)
      bytes += item.member.bytes
      bytes += item.bundleHash
    }
    return bytes
  }
}

/// A position in the log and the hash there.
package struct LogHead: Codable, Sendable, Hashable {
  package let n: UInt32
  package let hash: Blob

  package init(n: UInt32, hash: Blob) {
    self.n = n
    self.hash = hash
  }
}
