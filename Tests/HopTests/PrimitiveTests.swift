import HopCrypto
import Testing
import WireBytes

/// Vectors from the standards themselves.
struct PrimitiveTests {
  static func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue ?? 0) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `SHA-256 gives the digests of FIPS 180-4`(_ text: String, _ expected: String) {
    #expect(HopDigest.sha256(Array(text.utf8)) == Self.hex(expected))
  }

  @Test(arguments: [
    ("", "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"),
    ("abc", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
  ])
  func `SHA3-256 gives the digests of FIPS 202`(_ text: String, _ expected: String) {
    #expect(HopDigest.sha3_256(Array(text.utf8)) == Self.hex(expected))
  }

  @Test(arguments: [
    ([UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8), "b617318655057264e28bc0b6fb378c8ef146be00"),
    (Array("Jefe".utf8), Array("what do ya want for nothing?".utf8), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (
      [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
      "125d7342b9ac11cd91a39af48aa17b4f63f175d3"
    ),
    (
      [UInt8](repeating: 0xAA, count: 80), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      "aa4ae5e15272d00e95705637ce8a3b55ed402112"
    ),
  ])
  func `HMAC-SHA-1 gives the codes of RFC 2202`(_ key: [UInt8], _ message: [UInt8], _ expected: String) {
    #expect(HopHMAC.sha1(key: key, message: message) == Self.hex(expected))
    // A kept key gives the same, for every message anew.
    let kept = HopHMACKey(key)
    for other in [[], message, [UInt8](repeating: 7, count: 200), message] {
      #expect(kept.sha1(other) == HopHMAC.sha1(key: key, message: other))
    }
  }

  @Test(arguments: [
    (
      [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func `HMAC-SHA-256 gives the codes of RFC 4231`(_ key: [UInt8], _ message: [UInt8], _ expected: String) {
    #expect(HopHMAC.sha256(key: key, message: message) == Self.hex(expected))
  }

  @Test func `an empty key is a key like any other`() {
    // The well-known code of the empty message under the empty key; a call with another key in between changes nothing.
    let expected = Self.hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    #expect(HopHMAC.sha256(key: [], message: []) == expected)
    _ = HopHMAC.sha256(key: [1, 2, 3], message: [4])
    #expect(HopHMAC.sha256(key: [], message: []) == expected)
  }

  @Test func `equality looks at every byte and at the length`() {
    let bytes: [UInt8] = [1, 2, 3, 4]
    #expect(constantTimeEqual(bytes, [1, 2, 3, 4]))
    #expect(constantTimeEqual([], []))
    #expect(!constantTimeEqual(bytes, [1, 2, 3]))
    #expect(!constantTimeEqual(bytes, []))
    for index in bytes.indices {
      var other = bytes
      other[index] ^= 0x80
      #expect(!constantTimeEqual(bytes, other))
    }
  }

  @Test func `OpenSSL's random bytes have the wanted length and do not repeat`() {
    #expect(RandomSource.openSSL.bytes(0).isEmpty)
    let draws = (0..<32).map { _ in RandomSource.openSSL.bytes(16) }
    #expect(draws.allSatisfy { $0.count == 16 })
    #expect(Set(draws).count == 32)
  }
}
