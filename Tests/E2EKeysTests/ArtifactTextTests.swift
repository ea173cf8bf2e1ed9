import TestKit
import Testing

@testable import E2EKeys

/// Files that hold signatures and keys, well formed and not.
@Suite struct ArtifactTextTests {
  private func signed() throws -> (signer: MemberIdentity, artifact: ArtifactDigest, text: String) {
    let signer = try MemberIdentity()
    let artifact = ArtifactDigest(of: [1, 2, 3])
    let signature = try ArtifactSignature(of: artifact, kind: "summary", by: signer)
    return (signer, artifact, String(decoding: signature.text, as: UTF8.self))
  }

  /// Nil if the text holds a signature that is verified.
  private func refusal(_ text: [UInt8], _ artifact: ArtifactDigest, _ signer: MemberIdentity) -> ArtifactError? {
    do throws(ArtifactError) {
      try ArtifactSignature(text: text).verify(artifact, signer: signer.publicKey, kind: "summary")
      return nil
    } catch { return error }
  }

  @Test func `each wrong field of a signature's file is named`() throws {
    let (_, _, text) = try signed()
    let cases: [(String, String, String)] = [
      ("\"version\": 1", "\"version\": 2", "version"), ("\"version\": 1", "\"version\": \"1\"", "JSON"),
      ("\"version\": 1", "\"version\": 1e99", "JSON"), ("\"version\": 1", "\"version\": null", "JSON"),
      ("ML-DSA-65 with", "ML-DSA-44 with", "algorithm"), ("\"summary\"", "\"\"", "kind"),
      ("\"summary\"", "\"\\u0007\"", "kind"), ("\"summary\"", "[\"summary\"]", "JSON"),
      ("\"length\": \"3\"", "\"length\": \"03\"", "length"), ("\"length\": \"3\"", "\"length\": \"-3\"", "length"),
      ("\"length\": \"3\"", "\"length\": \"18446744073709551616\"", "length"),
      ("\"length\": \"3\"", "\"length\": 3", "JSON"), ("\"digest\": \"", "\"digest\": \"00", "digest"),
      ("\"digest\": \"", "\"digest\": \"G", "digest"), ("\"signer\": \"", "\"signer\": \"A", "signer"),
      ("\"signer\": \"", "\"signer\": \"AAAA", "signer"), ("\"signature\": \"", "\"signature\": \"=", "signature"),
      ("\"signature\": \"", "\"signature\": \"AAAA", "signature"), ("{\n", "{\"more\": 1,\n", "fields"),
      ("\"kind\"", "\"kinds\"", "JSON"), ("{\n", "[\n", "JSON"), ("}\n", "", "JSON"),
    ]
    for (part, replacement, reason) in cases {
      let changed = text.replacing(part, with: replacement, maxReplacements: 1)
      #expect(changed != text, "\(part) is not in the text")
      let error = #expect(throws: ArtifactError.self) { try ArtifactSignature(text: Array(changed.utf8)) }
      guard case .malformedSignature(let problem) = error else {
        Issue.record("\(replacement): \(String(describing: error))")
        continue
      }
      #expect(problem.contains(reason), "\(replacement): \(problem)")
    }
    let large = text + String(repeating: " ", count: ArtifactSignature.maximumText)
    #expect(throws: ArtifactError.malformedSignature("it is larger than 64 KiB")) {
      try ArtifactSignature(text: Array(large.utf8))
    }
  }

  @Test func `a changed signature's file is refused or says the same, and never traps`() throws {
    let (signer, artifact, text) = try signed()
    let bytes = Array(text.utf8)
    let genuine = try ArtifactSignature(text: bytes)
    var sweep = MalformedSweep.mutations(of: bytes, count: 1_000, seed: 11)
    for position in Array(0..<280) + Array(stride(from: 280, to: bytes.count, by: 29)) {
      var changed = bytes
      changed[position] ^= 1
      sweep.append(changed)
    }
    for length in Array(0..<280) + Array(stride(from: 280, to: bytes.count - 2, by: 31)) {
      sweep.append(Array(bytes.prefix(length)))
    }
    for changed in sweep where refusal(changed, artifact, signer) == nil {
      // Only white space and the like.
      #expect(try ArtifactSignature(text: changed) == genuine)
    }
  }

  @Test func `keys survive their files`() throws {
    let identity = try MemberIdentity()
    let again = try ArtifactKeyFile.identity(text: ArtifactKeyFile.privateText(of: identity))
    #expect(again.rawRepresentation == identity.rawRepresentation && again.publicKey == identity.publicKey)
    #expect(try ArtifactKeyFile.publicKey(text: ArtifactKeyFile.publicText(of: identity)) == identity.publicKey)
  }

  @Test func `a private key is written as in the example of RFC 9881`() throws {
    let example = """
      -----BEGIN PRIVATE KEY-----
      MDQCAQAwCwYJYIZIAWUDBAMSBCKAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZ
      GhscHR4f
      -----END PRIVATE KEY-----

      """
    let identity = try MemberIdentity(rawRepresentation: (0..<32).map { UInt8($0) })
    #expect(String(decoding: ArtifactKeyFile.privateText(of: identity), as: UTF8.self) == example)
    #expect(try ArtifactKeyFile.identity(text: Array(example.utf8)).publicKey == identity.publicKey)
    let published = ArtifactKeyFile.publicText(of: identity)
    #expect(published.count == 2_726)
    #expect(
      ArtifactSignature.hex(ArtifactDigest(of: published).sha3) == Self.publishedDigest,
      "as Python's cryptography 50 writes this key")
  }

  /// SHA3-256 of the public key's PEM file for the seed 00 01 .. 1f, made with Python's cryptography and hashlib.
  private static let publishedDigest = "a740b8f037e7beac738e3cd5e683ef46a08c4e21821692d68a6128971b161ced"

  @Test func `ends of lines may be those of other systems`() throws {
    let identity = try MemberIdentity()
    let text = String(decoding: ArtifactKeyFile.publicText(of: identity), as: UTF8.self)
    for variant in [text.replacing("\n", with: "\r\n"), text + "\n\n", String(text.dropLast())] {
      #expect(try ArtifactKeyFile.publicKey(text: Array(variant.utf8)) == identity.publicKey)
    }
  }

  @Test func `other files are no keys`() throws {
    let identity = try MemberIdentity()
    let (secret, open) = (ArtifactKeyFile.privateText(of: identity), ArtifactKeyFile.publicText(of: identity))
    let text = String(decoding: open, as: UTF8.self)
    let wrong = [
      "", "\n", "-----BEGIN PUBLIC KEY-----", text + text, " " + text, text.replacing("PUBLIC", with: "RSA PUBLIC"),
      text.replacing("MII", with: "MI=", maxReplacements: 1), text.replacing("\n", with: " "),
      text.replacing("\n-----END", with: "=\n-----END"), text + String(repeating: "\n", count: 20_000),
    ]
    for text in wrong {
      #expect(throws: ArtifactError.self) { try ArtifactKeyFile.publicKey(text: Array(text.utf8)) }
    }
    #expect(throws: ArtifactError.self) { try ArtifactKeyFile.publicKey(text: secret) }
    #expect(throws: ArtifactError.self) { try ArtifactKeyFile.identity(text: open) }
  }

  @Test func `a changed key file is refused or is another key, and never traps`() throws {
    let identity = try MemberIdentity()
    let secret = ArtifactKeyFile.privateText(of: identity)
    let open = ArtifactKeyFile.publicText(of: identity)
    for changed in MalformedSweep.truncations(of: secret.dropLast())
      + MalformedSweep.mutations(of: secret, count: 2_000, seed: 3)
    {
      if let key = try? ArtifactKeyFile.identity(text: changed) { #expect(key.rawRepresentation.count == 32) }
    }
    for changed in MalformedSweep.truncations(of: Array(open.dropLast())) {
      #expect(throws: ArtifactError.self) { try ArtifactKeyFile.publicKey(text: changed) }
    }
    for changed in MalformedSweep.mutations(of: open, count: 2_000, seed: 4) {
      if let key = try? ArtifactKeyFile.publicKey(text: changed) { #expect(key.count == 1_952) }
    }
    // Every byte of the DER before the key.
    for position in 27..<56 {
      var changed = open
      changed[position] = changed[position] == 0x41 ? 0x42 : 0x41
      #expect(throws: ArtifactError.self) { try ArtifactKeyFile.publicKey(text: changed) }
    }
  }
}
