import WireBytes

/// What two members tell each other inside a pairwise channel: a type byte and a body.
package enum SealedMessage {
  case heartbeat(Heartbeat)
  case commit([UInt8])
  case keyUpdate(KeyUpdate)
  case keyRequest(KeyRequest)

  private enum Kind: UInt8 { case heartbeat = 1, commit, keyUpdate, keyRequest }

  var bytes: [UInt8] {
    switch self {
    case .heartbeat(let heartbeat): [Kind.heartbeat.rawValue] + heartbeat.bytes
    case .commit(let commit): [Kind.commit.rawValue] + commit
    case .keyUpdate(let update): [Kind.keyUpdate.rawValue] + update.bytes
    case .keyRequest(let request): [Kind.keyRequest.rawValue, request.rawValue]
    }
  }

  package init?(parsing bytes: [UInt8]) {
    var reader = ByteReader(bytes.span)
    guard let first = try? reader.u8(), let kind = Kind(rawValue: first) else { return nil }
    switch kind {
    case .heartbeat:
      guard let heartbeat = try? Heartbeat(reading: &reader) else { return nil }
      self = .heartbeat(heartbeat)
    case .commit: self = .commit(Array(bytes.dropFirst()))
    case .keyUpdate:
      guard let update = try? KeyUpdate(reading: &reader) else { return nil }
      self = .keyUpdate(update)
    case .keyRequest:
      guard let value = try? reader.u8(), let request = KeyRequest(rawValue: value) else { return nil }
      self = .keyRequest(request)
    }
  }
}

/// A sign of life and a comparison of views, every few seconds to every member.
///
/// `log position (4) | log head (32) | sending epoch (4) | epoch id (16) | agreement key generation (4)`; epoch and id are
/// zero while the member has no key.
package struct Heartbeat: Equatable {
  let headN: UInt32
  let headHash: [UInt8]
  let epoch: UInt32
  let epochID: [UInt8]
  let generation: UInt32

  var bytes: [UInt8] {
    var bytes = [UInt8]()
    bytes.append(u32: headN)
    bytes += headHash
    bytes.append(u32: epoch)
    bytes += epochID
    bytes.append(u32: generation)
    return bytes
  }
}

extension Heartbeat {
  init(reading reader: inout ByteReader) throws(ByteError) {
    headN = try reader.u32()
    headHash = try reader.array(32)
    epoch = try reader.u32()
    epochID = try reader.array(EpochKeys.identifierLength)
    generation = try reader.u32()
  }
}

/// New agreement keys of the sender: `generation (4) | X25519 key (32) | ML-KEM-1024 key (1568) | ML-DSA-65 signature (3309)`.
///
/// The signature, with context "SEALEDSFU-KEYUPDATE-V1", is over `room (16) | sender's bundle hash (32) | generation (4) |
/// keys`.
package struct KeyUpdate {
  static let signatureContext = "SEALEDSFU-KEYUPDATE-V1"

  let keys: AgreementPublicKeys
  let signature: [UInt8]

  var bytes: [UInt8] {
    var bytes = [UInt8]()
    bytes.append(u32: keys.generation)
    return bytes + keys.bytes + signature
  }

  static func signedBytes(_ keys: AgreementPublicKeys, room: RoomID, bundleHash: [UInt8]) -> [UInt8] {
    var bytes = room.bytes + bundleHash
    bytes.append(u32: keys.generation)
    return bytes + keys.bytes
  }
}

extension KeyUpdate {
  init(reading reader: inout ByteReader) throws(ByteError) {
    let generation = try reader.u32()
    keys = try AgreementPublicKeys(generation: generation, reading: &reader)
    signature = try reader.array(MemberIdentity.signatureLength)
  }
}

/// Asks the receiver for something that was missed: one byte.
package enum KeyRequest: UInt8 {
  /// The key of the epoch that the receiver sends under.
  case epoch = 1
  /// The receiver's present agreement keys.
  case keyUpdate = 2
}
