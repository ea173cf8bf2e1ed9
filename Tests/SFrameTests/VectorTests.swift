import Crypto
import Foundation
import SFrame
import Testing
import WireBytes

/// The vectors published with RFC 9605 (appendix C).
struct RFCVectors: Decodable {
  struct Header: Decodable {
    let kid: UInt64
    let ctr: UInt64
    let encoded: String
  }
  struct CounterMode: Decodable {
    let cipher_suite: UInt16
    let key, nonce, aad, pt, ct: String
  }
  struct Frame: Decodable {
    let cipher_suite: UInt16
    let kid, ctr: UInt64
    let base_key, sframe_key_label, sframe_salt_label, metadata, pt, ct: String
  }
  let header: [Header]
  let aes_ctr_hmac: [CounterMode]
  let sframe: [Frame]

  static func load() throws -> RFCVectors {
    let url = try #require(
      Bundle.module.url(forResource: "rfc9605-test-vectors", withExtension: "json", subdirectory: "Vectors"))
    return try JSONDecoder().decode(RFCVectors.self, from: Data(contentsOf: url))
  }
}

func bytes(hex: String) -> [UInt8] {
  let digits = Array(hex.utf8)
  return stride(from: 0, to: digits.count, by: 2).map { index in
    UInt8(String(decoding: digits[index..<(index + 2)], as: UTF8.self), radix: 16) ?? 0
  }
}

@Suite struct VectorTests {
  @Test func `every header vector encodes and parses`() throws {
    let vectors = try RFCVectors.load().header
    #expect(vectors.count == 289)
    for vector in vectors {
      let encoded = bytes(hex: vector.encoded)
      let header = SFrameHeader(kid: vector.kid, ctr: vector.ctr)
      #expect(header.encode() == encoded)
      #expect(header.length == encoded.count)
      let parsed = try SFrameHeader(parsing: encoded.span)
      #expect(parsed == header)
    }
  }

  @Test func `the counter mode construction matches its vectors`() throws {
    let vectors = try RFCVectors.load().aes_ctr_hmac
    #expect(vectors.count == 3)
    for vector in vectors {
      let suite = try #require(SFrameCipherSuite(rawValue: vector.cipher_suite))
      let cipher = CounterModeHMAC(key: SymmetricKey(data: bytes(hex: vector.key)), tagLength: suite.tagLength)
      var sealed: [UInt8] = []
      let (nonce, aad) = (bytes(hex: vector.nonce), bytes(hex: vector.aad))
      try cipher.seal(bytes(hex: vector.pt), nonce: nonce, aad: aad, into: &sealed)
      #expect(sealed == bytes(hex: vector.ct))
      let opened = try cipher.open(
        sealed.dropLast(suite.tagLength), tag: sealed.suffix(suite.tagLength), nonce: nonce, aad: aad)
      #expect(opened == bytes(hex: vector.pt))
    }
  }

  @Test func `all five suites seal and open as in the RFC`() throws {
    let vectors = try RFCVectors.load().sframe
    #expect(Set(vectors.map(\.cipher_suite)) == Set(SFrameCipherSuite.allCases.map(\.rawValue)))
    for vector in vectors {
      let suite = try #require(SFrameCipherSuite(rawValue: vector.cipher_suite))
      #expect(SFrameKey.label("key", suite: suite, kid: vector.kid) == bytes(hex: vector.sframe_key_label))
      #expect(SFrameKey.label("salt", suite: suite, kid: vector.kid) == bytes(hex: vector.sframe_salt_label))
      let key = SFrameKey(suite: suite, kid: vector.kid, baseKey: SymmetricKey(data: bytes(hex: vector.base_key)))
      let metadata = bytes(hex: vector.metadata)
      let sealed = try key.seal(plaintext: bytes(hex: vector.pt), ctr: vector.ctr, metadata: metadata)
      #expect(sealed == bytes(hex: vector.ct))
      #expect(try key.open(sealed, metadata: metadata) == bytes(hex: vector.pt))
    }
  }
}
