package import Crypto

/// Turns the shared secrets of a key exchange into one key.
///
/// `SHA3-256(label | X25519 secret | KEM secret | recipient's X25519 key | recipient's KEM key | ephemeral X25519 key | KEM
/// ciphertext | sender's suites | recipient's suites | suite id)`; without X25519 its three parts are absent.
/// Each suite list is a count byte and one byte per suite, so stripping an offer on the way changes the key. All other
/// parts have lengths fixed by the suite id, so the input has one reading.
package enum KeyCombiner {
  static let label = "SEALEDSFU-HYBRID-KX-V1"

  struct Transcript {
    var suite: KeyAgreementSuite
    var recipientX25519: [UInt8]
    var recipientKEM: [UInt8]
    var ephemeral: [UInt8]
    var ciphertext: [UInt8]
    /// As in the bundles, suites of later versions included.
    var senderSuites: [UInt8]
    var recipientSuites: [UInt8]
  }

  static func combine(x25519: SymmetricKey?, kem: SymmetricKey, transcript: Transcript) -> SymmetricKey {
    var hash = SHA3_256()
    hash.update(data: Array(label.utf8))
    x25519?.feed(&hash)
    kem.feed(&hash)
    hash.update(data: bytes(of: transcript))
    return SymmetricKey(data: hash.finalize())
  }

  /// What of the input is public.
  private static func bytes(of transcript: Transcript) -> [UInt8] {
    var bytes = transcript.suite.isHybrid ? transcript.recipientX25519 : []
    bytes += transcript.recipientKEM + transcript.ephemeral + transcript.ciphertext
    bytes += suiteList(transcript.senderSuites) + suiteList(transcript.recipientSuites)
    return bytes + [transcript.suite.rawValue]
  }

  /// The combiner of `V100-HYBRID-KX-V1` peers: `SHA3-256("V100-HYBRID-KX-V1" | X25519 secret | ML-KEM secret)`, both 32
  /// bytes. It binds neither keys nor offers: kept for compatibility, not used by any suite of this version.
  package static func combineWithoutTranscript(x25519: SymmetricKey, mlkem: SymmetricKey) -> SymmetricKey {
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
