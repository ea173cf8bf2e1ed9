import Crypto
import E2EKeys
import TestKit
import Testing
import WireBytes

/// Every post-quantum algorithm against an implementation that shares no code with ours, in both directions.
@Suite struct ReferenceTests {
  private func name(_ kem: KEMAlgorithm) -> String {
    switch kem {
    case .mlkem1024: "ML-KEM-1024"
    case .mlkem768: "ML-KEM-768"
    case .xWing: "X-Wing"
    }
  }

  private func bytes(_ key: SymmetricKey) -> [UInt8] {
    unsafe key.withUnsafeBytes { bytes in unsafe [UInt8](bytes) }
  }

  @Test(arguments: KEMAlgorithm.allCases)
  func `what the reference encapsulates to our key we decapsulate`(kem: KEMAlgorithm) throws {
    let reference = try Reference()
    for _ in 0..<5 {
      let key = try KEMPrivateKey(kem)
      let public_ = try reference.ask("public", name(kem), ["seed": key.seed])["public"]
      #expect(public_ == key.publicKey, "the same key from the same seed")
      let made = try reference.ask("encapsulate", name(kem), ["public": key.publicKey])
      let ciphertext = try #require(made["ciphertext"])
      #expect(try bytes(key.decapsulate(ciphertext)) == made["secret"])
      var changed = ciphertext
      changed[3] ^= 4
      #expect(try bytes(key.decapsulate(changed)) != made["secret"])
    }
  }

  @Test(arguments: KEMAlgorithm.allCases)
  func `what we encapsulate to the reference's key it decapsulates`(kem: KEMAlgorithm) throws {
    let reference = try Reference()
    let random = SeededRandom(seed: 1_024 + UInt64(kem.rawValue)).source
    for _ in 0..<5 {
      let seed = random.bytes(kem == .xWing ? 32 : 64)
      let publicKey = try #require(try reference.ask("public", name(kem), ["seed": seed])["public"])
      let (secret, ciphertext) = try kem.encapsulate(to: publicKey)
      let opened = try reference.ask("decapsulate", name(kem), ["seed": seed, "ciphertext": ciphertext])
      #expect(opened["secret"] == bytes(secret))
      // Implicit rejection gives the same pseudo-random secret on both sides, which FIPS 203 fixes.
      var changed = ciphertext
      changed[3] ^= 4
      let rejected = try reference.ask("decapsulate", name(kem), ["seed": seed, "ciphertext": changed])
      #expect(rejected["secret"] != bytes(secret))
    }
  }

  @Test(arguments: [0, 1, 5_000])
  func `the reference verifies our ML-DSA-65 signatures and refuses changed ones`(length: Int) throws {
    let reference = try Reference()
    let identity = try MemberIdentity()
    #expect(
      try reference.ask("public", "ML-DSA-65", ["seed": identity.rawRepresentation])["public"] == identity.publicKey)
    let message = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
    let signature = try identity.signature(of: message, context: "SEALEDSFU-TEST")
    func isValid(_ signature: [UInt8], _ message: [UInt8], _ context: String) throws -> Bool {
      let fields = [
        "public": identity.publicKey, "signature": signature, "message": message, "context": Array(context.utf8),
      ]
      return try reference.ask("verify", "ML-DSA-65", fields)["valid"] == [1]
    }
    #expect(try isValid(signature, message, "SEALEDSFU-TEST"))
    #expect(try !isValid(signature, message + [0], "SEALEDSFU-TEST"))
    #expect(try !isValid(signature, message, "SEALEDSFU-OTHER"))
    var changed = signature
    changed[1_000] ^= 1
    #expect(try !isValid(changed, message, "SEALEDSFU-TEST"))
  }

  @Test(arguments: [0, 1, 5_000])
  func `we verify the reference's ML-DSA-65 signatures and refuse changed ones`(length: Int) throws {
    let reference = try Reference()
    let seed = SeededRandom(seed: 65).source.bytes(32)
    let publicKey = try #require(try reference.ask("public", "ML-DSA-65", ["seed": seed])["public"])
    let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 3) }
    let fields = ["seed": seed, "message": message, "context": Array("SEALEDSFU-TEST".utf8)]
    let signature = try #require(try reference.ask("sign", "ML-DSA-65", fields)["signature"])
    #expect(isValidSignature(signature, of: message, context: "SEALEDSFU-TEST", by: publicKey))
    #expect(!isValidSignature(signature, of: message + [0], context: "SEALEDSFU-TEST", by: publicKey))
    #expect(!isValidSignature(signature, of: message, context: "SEALEDSFU-OTHER", by: publicKey))
    var changed = signature
    changed[1_000] ^= 1
    #expect(!isValidSignature(changed, of: message, context: "SEALEDSFU-TEST", by: publicKey))
    #expect(!isValidSignature(Array(signature.dropLast()), of: message, context: "SEALEDSFU-TEST", by: publicKey))
  }
}
