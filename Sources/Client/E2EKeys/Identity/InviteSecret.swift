package import Crypto
package import WireBytes

/// The secret in a call link's fragment: whoever holds it can join, nobody else. No server ever sees it.
///
/// Everything that identifies the call follows from it by HKDF-SHA512: the room pseudonym ("room", 16 bytes), the key of
/// the bundles' MAC ("admission") and the secret of the channels between members ("pairwise").
package struct InviteSecret: Sendable {
  package static let byteCount = 32

  private let secret: SecretBytes

  package init(random: RandomSource) { secret = SecretBytes(random: random, count: Self.byteCount) }

  /// From the base64url text of a call link; nil unless it is 32 bytes.
  package init?(text: String) {
    guard var bytes = Base64URL.decode(text), bytes.count == Self.byteCount else { return nil }
    secret = SecretBytes(taking: &bytes)
  }

  /// The form in a call link. It is the secret itself.
  package var text: String { Base64URL.encode(secret.revealed()) }

  /// The pseudonym under which the relay knows the room.
  package var room: RoomID {
    guard let room = RoomID(bytes: derived("room", count: RoomID.byteCount).publicBytes) else {
      preconditionFailure("HKDF returned another length than asked for")
    }
    return room
  }

  package var admissionKey: SymmetricKey { derived("admission") }
  var pairwiseSecret: SymmetricKey { derived("pairwise") }

  private func derived(_ label: String, count: Int = 32) -> SymmetricKey {
    secret.symmetricKey.derived(label, count: count)
  }
}
