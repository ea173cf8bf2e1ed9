import Crypto
@testable import E2EKeys
import TestKit
import Testing
import WireBytes

@Suite struct AgreementTests {
  @Test func `suites have the names, order and sizes of their standards`() {
    let suites = KeyAgreementSuite.allCases
    #expect(
      suites.map(\.name) == ["x25519-mlkem1024", "mlkem1024", "x25519-mlkem768", "x-wing", "mlkem768"],
      "strongest first")
    #expect(zip(suites, suites.dropFirst()).allSatisfy { $0 > $1 })
    #expect(suites.map(\.rawValue) == [1, 2, 3, 5, 4])
    #expect(suites.filter(\.is1024) == [.x25519MLKEM1024, .mlkem1024])
    #expect(suites.allSatisfy { KeyAgreementSuite(name: $0.name) == $0 })
    #expect(KeyAgreementSuite(name: "mlkem512") == nil)
    // FIPS 203, table 3.
    #expect(KEMAlgorithm.allCases.map(\.publicKeyLength) == [1568, 1184, 1216])
    #expect(KEMAlgorithm.allCases.map(\.privateKeyLength) == [3168, 2400, 32])
    #expect(KEMAlgorithm.allCases.map(\.ciphertextLength) == [1568, 1088, 1120])
    #expect(KEMAlgorithm.allCases.map(\.securityCategory) == [5, 3, 3])
  }

  @Test(arguments: KEMAlgorithm.allCases)
  func `keys and ciphertexts of a KEM have its lengths and give one secret`(kem: KEMAlgorithm) throws {
    let key = try KEMPrivateKey(kem)
    #expect(key.publicKey.count == kem.publicKeyLength)
    #expect(key.seed.count == (kem == .xWing ? 32 : 64))
    let (secret, ciphertext) = try kem.encapsulate(to: key.publicKey)
    #expect(ciphertext.count == kem.ciphertextLength)
    #expect(secret.bitCount == 256)
    #expect(try key.decapsulate(ciphertext) == secret)
    // A changed ciphertext gives another secret, not an error (implicit rejection).
    var changed = ciphertext
    changed[7] ^= 1
    #expect(try key.decapsulate(changed) != secret)
    for length in [0, 1, ciphertext.count - 1, ciphertext.count + 1] {
      let wrong = [UInt8](repeating: 1, count: length)
      #expect(throws: (any Error).self) { try key.decapsulate(wrong) }
      let wrongKey = [UInt8](repeating: 1, count: length == 0 ? 0 : key.publicKey.count - 1)
      #expect(throws: (any Error).self) { try kem.encapsulate(to: wrongKey) }
    }
    #expect(kem.accepts(key.publicKey))
  }

  @Test func `the strongest common suite wins, the same from both sides`() {
    let lists: [[KeyAgreementSuite]] = (1..<32).map { bits in
      KeyAgreementSuite.allCases.enumerated().filter { bits & (1 << $0.offset) != 0 }.map(\.element)
    }
    for a in lists {
      for b in lists {
        let common = Set(a).intersection(b)
        #expect(KeyAgreementSuite.strongest(a, b) == common.max())
        #expect(KeyAgreementSuite.strongest(a, b) == KeyAgreementSuite.strongest(b.reversed(), a))
      }
    }
  }

  // Known answers from Python's hashlib.sha3_256, from the formulas in the documentation.

  private static let x25519 = SymmetricKey(data: (0..<32).map { UInt8($0) })
  private static let kemSecret = SymmetricKey(data: (32..<64).map { UInt8($0) })

  @Test func `the compatibility combiner gives what hashlib gives`() {
    let key = KeyCombiner.combineWithoutTranscript(x25519: Self.x25519, mlkem: Self.kemSecret)
    #expect(hex(key) == "115a0b0384fe2ff8510f8c6b302a33c0928294f25177fcb508e326fba0c71c5b")
  }

  @Test(arguments: [
    (KeyAgreementSuite.x25519MLKEM1024, "a01f589db7dfaf98564bcf5be534ece97962c2cda6e58423dc516126582836fd"),
    (.mlkem1024, "5fd8bf6a9f63a6f89968149b6f5372bb7e6eb9923047bbdf8a10481dee7336e0"),
    (.x25519MLKEM768, "cb44f6152ce54c7dbe32dc134909004e8be51f812ba45b6085d25ac4216aa25d"),
    (.xWing, "9dc9cb6cd80f95ffc45aacacb6d6ab045fb5d32ac0ba42c4a389655c4149d2ff"),
    (.mlkem768, "227c9b87ea60741ef00a365d8044f1f4a9a1e4ef0f144e4d020b472230133dfe"),
  ])
  func `the combiner gives what hashlib gives`(suite: KeyAgreementSuite, expected: String) {
    func pattern(_ count: Int, _ first: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: first + $0 * 7) }
    }
    var transcript = KeyCombiner.Transcript(
      suite: suite, recipientX25519: pattern(32, 1), recipientKEM: pattern(suite.kem.publicKeyLength, 2),
      ephemeral: suite.isHybrid ? pattern(32, 3) : [], ciphertext: pattern(suite.kem.ciphertextLength, 4),
      senderSuites: [1, 2], recipientSuites: [1, 2, 9])
    let x25519 = suite.isHybrid ? Self.x25519 : nil
    #expect(hex(KeyCombiner.combine(x25519: x25519, kem: Self.kemSecret, transcript: transcript)) == expected)
    // An offer that was stripped on the way changes the key.
    transcript.recipientSuites = [2]
    #expect(hex(KeyCombiner.combine(x25519: x25519, kem: Self.kemSecret, transcript: transcript)) != expected)
  }

  private func hex(_ key: SymmetricKey) -> String {
    key.publicBytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  @Test func `keys of a later version are skipped and kept in the bytes`() throws {
    let keys = try AgreementPrivateKeys(generation: 0, suites: [.mlkem1024]).publicKeys
    var bytes = keys.bytes
    bytes[32] = 2
    bytes += [200, 0, 3, 7, 8, 9]
    var reader = ByteReader(bytes.span)
    let parsed = try AgreementPublicKeys(generation: 0, reading: &reader)
    #expect(parsed.kems == keys.kems)
    #expect(parsed.bytes == bytes)
    let isAtEnd = reader.isAtEnd
    #expect(isAtEnd)
  }

  @Test func `lists of keys of any shape are parsed or refused`() throws {
    let bytes = try AgreementPrivateKeys(generation: 0, suites: KeyAgreementSuite.allCases).publicKeys.bytes
    for variant in MalformedSweep.truncations(of: bytes) {
      #expect(throws: ByteError.self) {
        var reader = ByteReader(variant.span)
        _ = try AgreementPublicKeys(generation: 0, reading: &reader)
      }
    }
    for variant in MalformedSweep.mutations(of: bytes, count: 2_000, seed: 91) {
      var reader = ByteReader(variant.span)
      let parsed = try? AgreementPublicKeys(generation: 0, reading: &reader)
      #expect(parsed?.kems.allSatisfy { $0.value.count == $0.key.publicKeyLength } ?? true)
    }
    // The same KEM twice, and none at all.
    let twice =
      Array(bytes[..<32]) + [2] + Array(repeating: [1, 6, 32] + [UInt8](repeating: 0, count: 1568), count: 2).joined()
    for wrong in [twice, Array(bytes[..<32]) + [0]] {
      #expect(throws: ByteError.self) {
        var reader = ByteReader(wrong.span)
        _ = try AgreementPublicKeys(generation: 0, reading: &reader)
      }
    }
  }
}
