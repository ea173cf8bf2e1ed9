package import Crypto
import CryptoExtras
package import FoundationEssentials
import WireBytes

/// AES-CTR with HMAC-SHA256 as one AEAD (RFC 9605 section 4.5.1), for suites 1 to 3.
package struct CounterModeHMAC: Sendable {
  static let cipherKeyLength = 16

  private let cipherKey: SymmetricKey
  private let authenticationKey: SymmetricKey
  private let tagLength: Int

  /// `key` is the 16-byte cipher key and then the 32-byte authentication key.
  package init(key: SymmetricKey, tagLength: Int) {
    (cipherKey, authenticationKey) = splitKey(key, at: Self.cipherKeyLength)
    self.tagLength = tagLength
  }

  /// Appends ciphertext and tag.
  package func seal<AAD: DataProtocol>(
    _ plaintext: [UInt8], nonce: [UInt8], aad: AAD, into output: inout [UInt8]
  ) throws(SFrameError) {
    let ciphertext = try transform(plaintext, nonce: nonce)
    output.append(contentsOf: ciphertext)
    output.append(contentsOf: tag(nonce: nonce, aad: aad, ciphertext: ciphertext).prefix(tagLength))
  }

  /// The plaintext, once the tag has been checked in constant time.
  package func open<AAD: DataProtocol>(
    _ ciphertext: ArraySlice<UInt8>, tag received: ArraySlice<UInt8>, nonce: [UInt8], aad: AAD
  ) throws(SFrameError) -> [UInt8] {
    var difference = received.count == tagLength ? UInt8(0) : 1
    for (a, b) in zip(received, tag(nonce: nonce, aad: aad, ciphertext: ciphertext)) { difference |= a ^ b }
    guard difference == 0 else { throw .authenticationFailed }
    return [UInt8](try transform(ciphertext, nonce: nonce))
  }

  private func transform<Bytes: DataProtocol>(_ bytes: Bytes, nonce: [UInt8]) throws(SFrameError) -> Data {
    do {
      // The initial counter block is the nonce and four zero bytes, which is what a 12-byte nonce means here.
      return try AES._CTR.encrypt(bytes, using: cipherKey, nonce: AES._CTR.Nonce(nonceBytes: nonce))
    } catch {
      throw .internalFailure
    }
  }

  private func tag<AAD: DataProtocol, Ciphertext: DataProtocol>(
    nonce: [UInt8], aad: AAD, ciphertext: Ciphertext
  ) -> HMAC<SHA256>.MAC {
    var lengths = [UInt8]()
    lengths.reserveCapacity(36)
    lengths.append(u64: UInt64(aad.count))
    lengths.append(u64: UInt64(ciphertext.count))
    lengths.append(u64: UInt64(tagLength))
    lengths += nonce
    var hmac = HMAC<SHA256>(key: authenticationKey)
    hmac.update(data: lengths)
    hmac.update(data: aad)
    hmac.update(data: ciphertext)
    return hmac.finalize()
  }
}
