import WireBytes

/// What two members tell each other inside a pairwise channel: a type byte and a body.
package enum SealedMessage {
  case heartbeat(Heartbeat)
  /// A whole commit, for a member that missed it.
  case commit([UInt8])
  case keyUpdate(KeyUpdate)
  case keyRequest(KeyRequest)
  /// The part of a commit that is for the receiver alone; the rest goes to all at once.
  case wrappedKey(WrappedKeyDelivery)
  case profile(Profile)
  case chat(Chat)

  private enum Kind: UInt8 { case heartbeat = 1, commit, keyUpdate, keyRequest, wrappedKey, profile, chat }

  var bytes: [UInt8] {
    switch self {
    case .heartbeat(let heartbeat): [Kind.heartbeat.rawValue] + heartbeat.bytes
    case .commit(let commit): [Kind.commit.rawValue] + commit
    case .keyUpdate(let update): [Kind.keyUpdate.rawValue] + update.bytes
    case .keyRequest(let request): [Kind.keyRequest.rawValue, request.rawValue]
    case .wrappedKey(let delivery): [Kind.wrappedKey.rawValue] + delivery.bytes
    case .profile(let profile): [Kind.profile.rawValue] + Array(profile.name.utf8)
    case .chat(let chat): [Kind.chat.rawValue] + Array(chat.text.utf8)
    }
  }

  /// Nil for an unknown type, and for a body that is cut off, too long or has bytes left over.
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
    case .wrappedKey:
      guard let delivery = try? WrappedKeyDelivery(reading: &reader) else { return nil }
      self = .wrappedKey(delivery)
    case .profile:
      guard let profile = Profile(utf8: bytes.dropFirst()) else { return nil }
      self = .profile(profile)
      return
    case .chat:
      guard let chat = Chat(utf8: bytes.dropFirst()) else { return nil }
      self = .chat(chat)
      return
    }
    if case .commit = self { return }
    guard reader.isAtEnd else { return nil }
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

/// Asks the receiver for something that was missed: one byte.
package enum KeyRequest: UInt8 {
  /// The key of the epoch that the receiver sends under.
  case epoch = 1
  /// The receiver's present agreement keys.
  case keyUpdate = 2
  /// The receiver's name.
  case profile = 3
}
