import Crypto

/// What identifies an artifact of a call: how long it is and the SHA3-256 (FIPS 202) of its bytes.
package struct ArtifactDigest: Equatable, Sendable {
  package static let byteCount = 32

  /// In bytes.
  package let length: UInt64
  /// 32 bytes.
  package let sha3: [UInt8]

  package init(of bytes: [UInt8]) {
    var hasher = ArtifactHasher()
    hasher.update(bytes)
    self = hasher.digest
  }

  init(length: UInt64, sha3: [UInt8]) {
    self.length = length
    self.sha3 = sha3
  }
}

/// Takes an artifact in pieces, since a recording does not fit into memory.
package struct ArtifactHasher: Sendable {
  private var hash = SHA3_256()
  private var length: UInt64 = 0

  package init() {}

  package mutating func update(_ bytes: [UInt8]) {
    hash.update(data: bytes)
    length &+= UInt64(bytes.count)
  }

  /// Of everything so far.
  package var digest: ArtifactDigest { ArtifactDigest(length: length, sha3: Array(hash.finalize())) }
}
