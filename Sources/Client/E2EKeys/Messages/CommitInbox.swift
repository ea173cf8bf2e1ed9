import WireBytes

/// Puts the two parts of a commit together: the announcement that goes to all, and the wrapped key for this member.
///
/// They come in either order, and one of them may never come: few are kept, the oldest goes first.
struct CommitInbox {
  private struct Key: Hashable {
    let sender: MemberID
    let commitHash: [UInt8]
  }

  private static let limit = 16

  private var announcements: [(key: Key, bytes: [UInt8])] = []
  private var wrappedKeys: [(key: Key, bytes: [UInt8])] = []

  /// The whole commit if its key has come before; else it waits.
  mutating func announcement(_ bytes: [UInt8], commitHash: [UInt8], from sender: MemberID) -> [UInt8]? {
    let key = Key(sender: sender, commitHash: commitHash)
    if let index = wrappedKeys.firstIndex(where: { $0.key == key }) {
      return bytes + wrappedKeys.remove(at: index).bytes
    }
    Self.keep((key, bytes), in: &announcements)
    return nil
  }

  /// The whole commit if its announcement has come before; else it waits.
  mutating func wrappedKey(_ delivery: WrappedKeyDelivery, from sender: MemberID) -> [UInt8]? {
    let key = Key(sender: sender, commitHash: delivery.commitHash)
    if let index = announcements.firstIndex(where: { $0.key == key }) {
      return announcements.remove(at: index).bytes + delivery.wrapped
    }
    Self.keep((key, delivery.wrapped), in: &wrappedKeys)
    return nil
  }

  private static func keep(_ part: (key: Key, bytes: [UInt8]), in parts: inout [(key: Key, bytes: [UInt8])]) {
    guard !parts.contains(where: { $0.key == part.key }) else { return }
    parts.append(part)
    if parts.count > limit { parts.removeFirst() }
  }
}
