package import Crypto
import FoundationEssentials

/// A post-quantum key encapsulation mechanism.
///
/// | | public key | private key | ciphertext | NIST category |
/// |---|---|---|---|---|
/// | ML-KEM-1024 (FIPS 203) | 1568 | 3168 | 1568 | 5, as AES-256 |
/// | ML-KEM-768 (FIPS 203) | 1184 | 2400 | 1088 | 3, as AES-192 |
/// | X-Wing (ML-KEM-768 and X25519) | 1216 | 32 | 1120 | 3, and X25519 besides |
///
/// Lengths are in bytes; those of the private keys are of the expanded form of FIPS 203 (X-Wing has only a seed). A shared
/// secret has 32 bytes. The raw value is the byte on the wire.
package enum KEMAlgorithm: UInt8, Sendable, CaseIterable {
  case mlkem1024 = 1
  case mlkem768 = 2
  case xWing = 3

  package var publicKeyLength: Int {
    switch self {
    case .mlkem1024: 1568
    case .mlkem768: 1184
    case .xWing: 1216
    }
  }

  package var privateKeyLength: Int {
    switch self {
    case .mlkem1024: 3168
    case .mlkem768: 2400
    case .xWing: 32
    }
  }

  package var ciphertextLength: Int {
    switch self {
    case .mlkem1024: 1568
    case .mlkem768: 1088
    case .xWing: 1120
    }
  }

  /// The security category of NIST's post-quantum call for proposals.
  package var securityCategory: Int { self == .mlkem1024 ? 5 : 3 }

  /// Encapsulates a fresh secret to a public key. Throws for a key of another length or outside the scheme's domain.
  package func encapsulate(to publicKey: [UInt8]) throws -> (secret: SymmetricKey, ciphertext: [UInt8]) {
    let result =
      switch self {
      case .mlkem1024: try MLKEM1024.PublicKey(rawRepresentation: publicKey).encapsulate()
      case .mlkem768: try MLKEM768.PublicKey(rawRepresentation: publicKey).encapsulate()
      case .xWing: try XWingMLKEM768X25519.PublicKey(rawRepresentation: publicKey).encapsulate()
      }
    return (result.sharedSecret, [UInt8](result.encapsulated))
  }

  /// Whether a public key can be encapsulated to at all (FIPS 203 section 7.2).
  func accepts(_ publicKey: [UInt8]) -> Bool {
    switch self {
    case .mlkem1024: (try? MLKEM1024.PublicKey(rawRepresentation: publicKey)) != nil
    case .mlkem768: (try? MLKEM768.PublicKey(rawRepresentation: publicKey)) != nil
    // The library checks an X-Wing key only when it is used.
    case .xWing: (try? encapsulate(to: publicKey)) != nil
    }
  }
}

/// The private half, with the seed it was made from. Lives no longer than the generation of agreement keys it is of.
package enum KEMPrivateKey: Sendable {
  case mlkem1024(MLKEM1024.PrivateKey)
  case mlkem768(MLKEM768.PrivateKey)
  case xWing(XWingMLKEM768X25519.PrivateKey)

  /// A new key pair.
  package init(_ kem: KEMAlgorithm) throws {
    self =
      switch kem {
      case .mlkem1024: .mlkem1024(try MLKEM1024.PrivateKey())
      case .mlkem768: .mlkem768(try MLKEM768.PrivateKey())
      case .xWing: .xWing(try XWingMLKEM768X25519.PrivateKey())
      }
  }

  package var kem: KEMAlgorithm {
    switch self {
    case .mlkem1024: .mlkem1024
    case .mlkem768: .mlkem768
    case .xWing: .xWing
    }
  }

  package var publicKey: [UInt8] {
    switch self {
    case .mlkem1024(let key): [UInt8](key.publicKey.rawRepresentation)
    case .mlkem768(let key): [UInt8](key.publicKey.rawRepresentation)
    case .xWing(let key): [UInt8](key.publicKey.rawRepresentation)
    }
  }

  /// The seed of the key pair, 64 bytes (X-Wing: 32).
  package var seed: [UInt8] {
    switch self {
    case .mlkem1024(let key): [UInt8](key.seedRepresentation)
    case .mlkem768(let key): [UInt8](key.seedRepresentation)
    case .xWing(let key): [UInt8](key.seedRepresentation)
    }
  }

  /// The shared secret. A ciphertext that was not made for this key gives a secret that nobody else has (implicit
  /// rejection), not an error; one of another length throws.
  package func decapsulate(_ ciphertext: [UInt8]) throws -> SymmetricKey {
    // The library takes other lengths of X-Wing's ciphertext for a programming error.
    guard ciphertext.count == kem.ciphertextLength else { throw E2EError.malformed }
    return switch self {
    case .mlkem1024(let key): try key.decapsulate(ciphertext)
    case .mlkem768(let key): try key.decapsulate(ciphertext)
    case .xWing(let key): try key.decapsulate(Data(ciphertext))
    }
  }
}
