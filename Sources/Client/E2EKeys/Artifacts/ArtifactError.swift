/// Why an artifact's signature, or a file that holds a key for one, is refused. Descriptions are for people.
package enum ArtifactError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The signature's file is not in the form of this version; what is wrong with it.
  case malformedSignature(String)
  /// The key's file is not in the form of RFC 9881; what is wrong with it.
  case malformedKey(String)
  /// A kind that cannot be signed.
  case badKind
  /// The signature names another key than the one that was expected.
  case otherSigner
  /// The signature was not made by the expected key, or not over what the signature's file says.
  case badSignature
  /// The artifact was signed as something else.
  case otherKind(signed: String, expected: String)
  case otherLength(signed: UInt64, found: UInt64)
  /// The length is right and the content is not.
  case otherContent
  /// The cipher failed; not reachable from input.
  case internalFailure

  package var description: String {
    switch self {
    case .malformedSignature(let problem): "the signature file is malformed: \(problem)"
    case .malformedKey(let problem): "not a key as RFC 9881 writes it: \(problem)"
    case .badKind: "a kind is 1 to \(ArtifactSignature.maximumKind) printable ASCII characters"
    case .otherSigner: "it is signed by another key than the expected signer's"
    case .badSignature: "the signature is not by this key, or the signature file was changed"
    case .otherKind(let signed, let expected): "it is signed as `\(signed)`, and `\(expected)` was expected"
    case .otherLength(let signed, let found): "the length differs: \(signed) bytes are signed, the file has \(found)"
    case .otherContent: "the digest differs: the file has other bytes than were signed"
    case .internalFailure: "the signature could not be made"
    }
  }
}
