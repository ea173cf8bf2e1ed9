import Signaling
package import WireBytes

/// The announcement of an epoch by its committer: the same signed header for every member, and for those who need it the
/// epoch's key wrapped to them.
///
/// Header and signature go to all in one group message, the wrapped keys to their members (`WrappedKeyDelivery`); a
/// catch-up goes to one member, whole.
///
/// ```
/// kind (1) | cause (1) | weakest suite (1) | epoch (4) | advised epoch (4) | origin (4) | sender (4)
/// | log position (4) | log head (32) | roster hash (32) | key roster hash (32)
/// | base epoch (4) | base id (16) | confirmation (32) | room (16) | sender's bundle hash (32)
/// | count (2) and excluded join indexes (4 each) | count (2) and entries (41 each)
/// signature (3309)                    ML-DSA-65 over all of the above, context "SEALEDSFU-COMMIT-V1"
/// wrapped key (0, or as in `WrappedKey`)
/// ```
/// An entry is `join index (4) | suite (1) | generation (4) | SHA3-256 of the wrapped key (32)`: one signature vouches for
/// all wrapped keys of the epoch.
package struct Commit {
  static let signatureContext = "SEALEDSFU-COMMIT-V1"

  enum Kind: UInt8 {
    /// A random key, wrapped to every member.
    case fresh = 1
    /// The base epoch's key hashed forward, wrapped to those who were not in the base epoch.
    case ratchet = 2
    /// An existing epoch's key, once more, for members that missed it.
    case catchUp = 3
  }

  struct Entry: Equatable {
    let joinIndex: UInt32
    let suite: KeyAgreementSuite
    let generation: UInt32
    let hash: [UInt8]
  }

  struct Header: Equatable {
    var kind: Kind
    var cause: RekeyCause
    /// The weakest suite that carried this key, or the key it is ratcheted from, to anybody.
    var weakest: KeyAgreementSuite
    /// The epoch in key identifiers.
    var epoch: UInt32
    /// The epoch of the relay's `rekey` that this one answers; 0 when the clients act on their own. Usually the same
    /// as `epoch`.
    var advised: UInt32
    /// Join index of the member that made the key; its rank decides between rivals.
    var origin: UInt32
    /// Join index of the member that wrapped it; differs from `origin` in a catch-up only.
    var sender: UInt32
    var headN: UInt32
    var headHash: [UInt8]
    /// Hash of the log's roster at the head.
    var rosterHash: [UInt8]
    /// Hash of the roster without the excluded: those who hold the key.
    var keyRosterHash: [UInt8]
    var baseEpoch: UInt32
    var baseID: [UInt8]
    /// Derived from the key; shows that everybody was given the same one.
    var confirmation: [UInt8]
    var room: RoomID
    var senderBundleHash: [UInt8]
    var excluded: [UInt32]
    var entries: [Entry]
  }

  let header: Header
  let signature: [UInt8]
  let wrapped: WrappedKey?
  /// The header's bytes as received or signed.
  let signedBytes: [UInt8]
}

extension Commit {
  package init(parsing bytes: [UInt8]) throws(ByteError) {
    var reader = ByteReader(bytes.span)
    header = try Header(reading: &reader)
    signedBytes = Array(bytes[..<reader.position])
    signature = try reader.array(MemberIdentity.signatureLength)
    wrapped = reader.isAtEnd ? nil : try WrappedKey(reading: &reader)
    guard reader.isAtEnd else { throw .truncated }
  }

  /// A whole commit; without `wrapped`, the announcement.
  static func bytes(signedHeader: [UInt8], signature: [UInt8], wrapped: [UInt8] = []) -> [UInt8] {
    signedHeader + signature + wrapped
  }

  /// Names the commit in the delivery of its wrapped keys.
  var hash: [UInt8] { sha3(signedBytes) }
}

extension Commit.Header {
  var bytes: [UInt8] {
    var bytes = [kind.rawValue, cause.wireByte, weakest.rawValue]
    bytes.append(u32: epoch)
    bytes.append(u32: advised)
    bytes.append(u32: origin)
    bytes.append(u32: sender)
    bytes.append(u32: headN)
    bytes += headHash + rosterHash + keyRosterHash
    bytes.append(u32: baseEpoch)
    bytes += baseID + confirmation + room.bytes + senderBundleHash
    bytes.append(u16: UInt16(truncatingIfNeeded: excluded.count))
    for index in excluded { bytes.append(u32: index) }
    bytes.append(u16: UInt16(truncatingIfNeeded: entries.count))
    for entry in entries {
      bytes.append(u32: entry.joinIndex)
      bytes.append(entry.suite.rawValue)
      bytes.append(u32: entry.generation)
      bytes += entry.hash
    }
    return bytes
  }

  init(reading reader: inout ByteReader) throws(ByteError) {
    guard let kind = Commit.Kind(rawValue: try reader.u8()), let cause = RekeyCause(wireByte: try reader.u8()),
      let weakest = KeyAgreementSuite(rawValue: try reader.u8())
    else { throw .truncated }
    self.kind = kind
    self.cause = cause
    self.weakest = weakest
    epoch = try reader.u32()
    advised = try reader.u32()
    origin = try reader.u32()
    sender = try reader.u32()
    headN = try reader.u32()
    headHash = try reader.array(32)
    rosterHash = try reader.array(32)
    keyRosterHash = try reader.array(32)
    baseEpoch = try reader.u32()
    baseID = try reader.array(EpochKeys.identifierLength)
    confirmation = try reader.array(32)
    guard let room = RoomID(bytes: try reader.array(RoomID.byteCount)) else { throw .truncated }
    self.room = room
    senderBundleHash = try reader.array(32)
    excluded = []
    for _ in 0..<(try reader.u16()) { excluded.append(try reader.u32()) }
    entries = []
    for _ in 0..<(try reader.u16()) {
      let joinIndex = try reader.u32()
      guard let suite = KeyAgreementSuite(rawValue: try reader.u8()) else { throw .truncated }
      entries.append(
        Commit.Entry(
          joinIndex: joinIndex, suite: suite, generation: try reader.u32(), hash: try reader.array(32)))
    }
  }
}

extension RekeyCause {
  var wireByte: UInt8 {
    switch self {
    case .join: 1
    case .leave: 2
    case .mixed: 3
    case .periodic: 4
    }
  }

  init?(wireByte: UInt8) {
    guard let cause = Self.allCases.first(where: { $0.wireByte == wireByte }) else { return nil }
    self = cause
  }
}
