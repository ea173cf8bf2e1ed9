/// Why a join token was refused.
package enum TokenError: String, Error, CaseIterable, Sendable {
  case missing, malformed
  case tooLong = "too_long"
  /// Anything but HS256, `none` above all (RFC 8725 section 3.1).
  case wrongAlgorithm = "wrong_algorithm"
  case unknownKey = "unknown_key"
  case badSignature = "bad_signature"
  case notYetValid = "not_yet_valid"
  case expired
  case wrongRoom = "wrong_room"
  /// The token does not let its bearer join.
  case notGranted = "not_granted"
  /// The token asks for a hidden participant. Nobody listens unseen here.
  case hidden

  /// One sentence for the bearer.
  package var sentence: String {
    switch self {
    case .missing: "this relay needs a join token"
    case .malformed: "the join token is not a JWT with the expected claims"
    case .tooLong: "the join token is too long"
    case .wrongAlgorithm: "the join token is not signed with HS256"
    case .unknownKey: "the join token is signed with a key that is not known here"
    case .badSignature: "the join token's signature is wrong"
    case .notYetValid: "the join token is not valid yet"
    case .expired: "the join token has expired"
    case .wrongRoom: "the join token is for another room"
    case .notGranted: "the join token does not allow to join"
    case .hidden: "the join token asks for a hidden participant: there are none"
    }
  }
}
