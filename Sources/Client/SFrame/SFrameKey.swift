package import Crypto
import FoundationEssentials
import WireBytes

/// The key of one sender under one key identifier: seals and opens frames (RFC 9605 section 4.4).
///
/// A sealed frame is `header | ciphertext | tag`. The additional data is the header followed by the metadata.
/// The key holds no counter: whoever seals must never use a counter twice with the same key.
package struct SFrameKey: Sendable {
  package let suite: SFrameCipherSuite
  package let kid: UInt64

  private enum Cipher: Sendable {
    case gcm(SymmetricKey)
    case counterMode(CounterModeHMAC)
  }
  private let cipher: Cipher
  private let salt: [UInt8]

  /// Derives key and salt from the base key (RFC 9605 section 4.4.2).
  package init(suite: SFrameCipherSuite, kid: UInt64, baseKey: SymmetricKey) {
    self.suite = suite
    self.kid = kid
    let (key, salt) =
      suite == .aes256GCMSHA512_128
      ? Self.derive(SHA512.self, suite: suite, kid: kid, baseKey: baseKey)
      : Self.derive(SHA256.self, suite: suite, kid: kid, baseKey: baseKey)
    self.salt = salt
    cipher =
      suite.usesCounterMode ? .counterMode(CounterModeHMAC(key: key, tagLength: suite.tagLength)) : .gcm(key)
  }

  /// The sealed frame. `metadata` is authenticated and not sent: the receiver must know it.
  package func seal(plaintext: [UInt8], ctr: UInt64, metadata: [UInt8] = []) throws(SFrameError) -> [UInt8] {
    let header = SFrameHeader(kid: kid, ctr: ctr)
    var output = [UInt8]()
    output.reserveCapacity(header.length + plaintext.count + suite.tagLength)
    header.append(to: &output)
    // Not a copy of `output`: sharing its storage would make the first append reallocate it.
    let aad = header.encode() + metadata
    switch cipher {
    case .gcm(let key):
      do {
        let nonce = try AES.GCM.Nonce(data: nonce(ctr))
        let box = try AES.GCM.seal(plaintext, using: key, nonce: nonce, authenticating: aad)
        output.append(contentsOf: box.ciphertext)
        output.append(contentsOf: box.tag)
      } catch {
        throw .internalFailure
      }
    case .counterMode(let cipher):
      try cipher.seal(plaintext, nonce: nonce(ctr), aad: aad, into: &output)
    }
    return output
  }

  /// The plaintext of a sealed frame of this key. Does not look at the replay window.
  package func open(_ sealed: [UInt8], metadata: [UInt8] = []) throws(SFrameError) -> [UInt8] {
    try open(sealed, header: SFrameHeader(parsing: sealed.span), metadata: metadata)
  }

  /// Like `open`, for a caller that has parsed the header to find this key.
  package func open(
    _ sealed: [UInt8], header: SFrameHeader, metadata: [UInt8] = []
  ) throws(SFrameError) -> [UInt8] {
    guard sealed.count >= header.length + suite.tagLength else { throw .truncated }
    guard header.kid == kid else { throw .authenticationFailed }
    let end = sealed.count - suite.tagLength
    let ciphertext = sealed[header.length..<end]
    let tag = sealed[end...]
    let aad = metadata.isEmpty ? sealed[..<header.length] : ArraySlice(sealed[..<header.length] + metadata)
    switch cipher {
    case .gcm(let key):
      do {
        let nonce = try AES.GCM.Nonce(data: nonce(header.ctr))
        let box = try AES.GCM.SealedBox(nonce: nonce, ciphertext: ciphertext, tag: tag)
        return [UInt8](try AES.GCM.open(box, using: key, authenticating: aad))
      } catch {
        throw .authenticationFailed
      }
    case .counterMode(let cipher):
      return try cipher.open(ciphertext, tag: tag, nonce: nonce(header.ctr), aad: aad)
    }
  }

  /// The salt with the counter XORed into its end (RFC 9605 section 4.4.3).
  private func nonce(_ ctr: UInt64) -> [UInt8] {
    var nonce = salt
    for index in 0..<8 { nonce[nonce.count - 1 - index] ^= UInt8(truncatingIfNeeded: ctr >> UInt64(8 * index)) }
    return nonce
  }

  private static func derive<H: HashFunction>(
    _: H.Type, suite: SFrameCipherSuite, kid: UInt64, baseKey: SymmetricKey
  ) -> (key: SymmetricKey, salt: [UInt8]) {
    let secret = HKDF<H>.extract(inputKeyMaterial: baseKey, salt: [UInt8]())
    let key = HKDF<H>.expand(
      pseudoRandomKey: secret, info: label("key", suite: suite, kid: kid), outputByteCount: suite.keyLength)
    let salt = HKDF<H>.expand(
      pseudoRandomKey: secret, info: label("salt", suite: suite, kid: kid),
      outputByteCount: SFrameCipherSuite.nonceLength)
    return (key, keyBytes(salt))
  }

  package static func label(_ purpose: String, suite: SFrameCipherSuite, kid: UInt64) -> [UInt8] {
    var label = Array("SFrame 1.0 Secret \(purpose) ".utf8)
    label.append(u64: kid)
    label.append(u16: suite.rawValue)
    return label
  }
}
