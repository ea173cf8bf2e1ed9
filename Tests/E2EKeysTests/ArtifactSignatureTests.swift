import TestKit
import Testing
import WireBytes

@testable import E2EKeys

@Suite struct ArtifactSignatureTests {
  private let artifact = ArtifactDigest(of: Array("what was said".utf8))

  private func verify(
    _ signature: ArtifactSignature, _ artifact: ArtifactDigest, by signer: MemberIdentity, kind: String? = nil
  ) -> ArtifactError? {
    do throws(ArtifactError) {
      try signature.verify(artifact, signer: signer.publicKey, kind: kind)
      return nil
    } catch { return error }
  }

  @Test func `a signature is verified for its artifact, signer and kind, and survives its text form`() throws {
    let signer = try MemberIdentity()
    for kind in ["artifact", "a", #"quotes " and \ and / "#, String(repeating: "k", count: 64)] {
      let signature = try ArtifactSignature(of: artifact, kind: kind, by: signer)
      #expect(try ArtifactSignature(text: signature.text) == signature)
      #expect(verify(signature, artifact, by: signer) == nil)
      #expect(verify(signature, artifact, by: signer, kind: kind) == nil)
    }
  }

  @Test func `pieces give the digest of the whole`() {
    var random = SeededRandom(seed: 7)
    let bytes = random.bytes(10_000)
    var hasher = ArtifactHasher()
    for start in stride(from: 0, to: bytes.count, by: 777) {
      hasher.update(Array(bytes[start..<min(start + 777, bytes.count)]))
    }
    #expect(hasher.digest == ArtifactDigest(of: bytes))
    #expect(hasher.digest.length == 10_000)
  }

  @Test func `the digest is SHA3-256 of FIPS 202`() {
    // The empty message, from NIST's example values.
    #expect(
      ArtifactSignature.hex(ArtifactDigest(of: []).sha3)
        == "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a")
  }

  @Test func `each difference is refused with its own reason`() throws {
    let (signer, other) = (try MemberIdentity(), try MemberIdentity())
    let signature = try ArtifactSignature(of: artifact, kind: "transcript", by: signer)
    #expect(verify(signature, ArtifactDigest(of: Array("what was sajd".utf8)), by: signer) == .otherContent)
    #expect(
      verify(signature, ArtifactDigest(of: Array("what was said.".utf8)), by: signer)
        == .otherLength(signed: 13, found: 14))
    #expect(verify(signature, artifact, by: other) == .otherSigner)
    #expect(
      verify(signature, artifact, by: signer, kind: "summary") == .otherKind(signed: "transcript", expected: "summary"))
  }

  @Test func `what the text says is covered by the signature, field by field`() throws {
    let (signer, other) = (try MemberIdentity(), try MemberIdentity())
    let genuine = try ArtifactSignature(of: artifact, kind: "transcript", by: signer)
    func changed(
      kind: String? = nil, length: UInt64? = nil, sha3: [UInt8]? = nil, signer: [UInt8]? = nil,
      _ signature: [UInt8]? = nil
    ) -> ArtifactSignature {
      ArtifactSignature(
        kind: kind ?? genuine.kind,
        digest: ArtifactDigest(length: length ?? genuine.digest.length, sha3: sha3 ?? genuine.digest.sha3),
        signer: signer ?? genuine.signer, signature: signature ?? genuine.signature)
    }
    #expect(verify(changed(), artifact, by: signer) == nil)
    #expect(verify(changed(kind: "summary"), artifact, by: signer) == .badSignature)
    let forged = ArtifactDigest(of: Array("what was sajd".utf8))
    #expect(verify(changed(sha3: forged.sha3), forged, by: signer) == .badSignature)
    #expect(verify(changed(length: 14), ArtifactDigest(length: 14, sha3: artifact.sha3), by: signer) == .badSignature)
    // A forger signs for themselves and names the victim.
    let own = try ArtifactSignature(of: forged, kind: "transcript", by: other)
    #expect(verify(changed(sha3: forged.sha3, own.signature), forged, by: signer) == .badSignature)
    // The boundary between kind and length cannot be moved.
    #expect(verify(changed(kind: "transcript\u{0}"), artifact, by: signer) == .badSignature)
  }

  @Test func `every flipped byte of the signature is refused`() throws {
    let signer = try MemberIdentity()
    let genuine = try ArtifactSignature(of: artifact, by: signer)
    let positions = Array(stride(from: 0, to: genuine.signature.count, by: 13)) + [genuine.signature.count - 1]
    for position in positions {
      var bytes = genuine.signature
      bytes[position] ^= 1 << UInt8(position % 8)
      let changed = ArtifactSignature(
        kind: genuine.kind, digest: genuine.digest, signer: genuine.signer, signature: bytes)
      #expect(verify(changed, artifact, by: signer) == .badSignature, "byte \(position)")
    }
  }

  @Test func `a signature made for another purpose is none of an artifact`() throws {
    let signer = try MemberIdentity()
    let genuine = try ArtifactSignature(of: artifact, by: signer)
    let kind = Array(genuine.kind.utf8)
    var message = [1, UInt8(kind.count)] + kind
    message.append(u64: genuine.digest.length)
    message += genuine.digest.sha3
    for context in ["", "SEALEDSFU-ARTIFACT-V2", "SEALEDSFU-BUNDLE-V1"] {
      let bytes = try signer.signature(of: message, context: context)
      let other = ArtifactSignature(
        kind: genuine.kind, digest: genuine.digest, signer: genuine.signer, signature: bytes)
      #expect(verify(other, artifact, by: signer) == .badSignature)
    }
    let same = try signer.signature(of: message, context: "SEALEDSFU-ARTIFACT-V1")
    let again = ArtifactSignature(kind: genuine.kind, digest: genuine.digest, signer: genuine.signer, signature: same)
    #expect(verify(again, artifact, by: signer) == nil, "the message is what the documentation says")
  }

  @Test(arguments: ["", String(repeating: "k", count: 65), "line\nbreak", "umlaut ä", "tab\t", "nul\0", "del\u{7F}"])
  func `a kind that cannot be shown is not signed`(_ kind: String) throws {
    let signer = try MemberIdentity()
    #expect(throws: ArtifactError.badKind) { try ArtifactSignature(of: artifact, kind: kind, by: signer) }
  }
}
