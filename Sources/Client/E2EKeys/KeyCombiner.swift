package import Crypto

/// Turns the shared secrets of a key exchange into one key.
///
/// `SHA3-256(label | X25519 secret | ML-KEM secret | recipient's X25519 key | recipient's ML-KEM key | ephemeral X25519
/// key | ML-KEM ciphertext | sender's suites | recipient's suites | suite id)`; without X25519 its three parts are absent.
/// Each suite list is a count byte and one byte per suite, so stripping an offer on the way changes the key. All other
/// parts have lengths fixed by the suite id, so the input has one reading.
package enum KeyCombiner {
  static let label = "SEALEDSFU-HYBRID-KX-V1"

  struct Transcript {
    var suite: KeyAgreementSuite
    var recipient: AgreementPublicKeys
    var ephemeral: [UInt8]
    var ciphertext: [UInt8]
    /// As in the bundles, suites of later versions included.
    var senderSuites: [UInt8]
    var recipientSuites: [UInt8]
  }

  static func combine(x25519: SharedSecret?, mlkem: SymmetricKey, transcript: Transcript) -> SymmetricKey {
    var hash = SHA3_256()
    hash.update(data: Array(label.utf8))
    x25519?.feed(&hash)
    mlkem.feed(&hash)
    if transcript.suite.isHybrid { hash.update(data: transcript.recipient.x25519) }
    hash.update(data: transcript.recipient.mlkem)
    hash.update(data: transcript.ephemeral)
    hash.update(data: transcript.ciphertext)
    hash.update(data: suiteList(transcript.senderSuites))
    hash.update(data: suiteList(transcript.recipientSuites))
    hash.update(data: [transcript.suite.rawValue])
    return SymmetricKey(data: hash.finalize())
  }

  /// The combiner of `V100-HYBRID-KX-V1` peers: the two secrets and no transcript. Kept for compatibility, not used by
  /// any suite of this version.
  package static func combineWithoutTranscript(x25519: SharedSecret, mlkem: SymmetricKey) -> SymmetricKey {
    var hash = SHA3_256()
    hash.update(data: Array("V100-HYBRID-KX-V1".utf8))
    x25519.feed(&hash)
    mlkem.feed(&hash)
    return SymmetricKey(data: hash.finalize())
  }

  static func suiteList(_ suites: [UInt8]) -> [UInt8] {
    [UInt8(truncatingIfNeeded: suites.count)] + suites
  }
}
