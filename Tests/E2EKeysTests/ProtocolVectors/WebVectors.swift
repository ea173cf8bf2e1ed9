import Crypto
@testable import E2EKeys
import Signaling
import Testing
import WireBytes

/// What the browser client made, for this code to verify and open: the other direction of the other vectors.
/// `SEALEDSFU_WRITE_VECTORS=1 Tests/Web/run.sh firefox` makes it anew.
struct WebVectors: Codable {
  struct Key: Codable {
    let suite: String
    let binding: AgreementVectors.BindingFields
    let wrapped: Blob
    let key: Blob
  }

  struct SignedCommit: Codable {
    let header: Blob
    let hash: Blob
    let signature: Blob
  }

  let invite: String
  let bundle: Blob
  let recipient: Blob
  let keys: [Key]
  let credentials: [AgreementVectors.CredentialCase]
  let commit: SignedCommit
  let keyUpdate: Blob

  func check() throws {
    let secret = try inviteSecret(invite)
    let own = try KeyBundle(verifying: bundle.bytes, room: secret.room, admissionKey: secret.admissionKey)
    let bundleHash = sha3(bundle.bytes)
    let recipientKeys = try AgreementVectors.loaded().recipient.keys()
    let offers: Encapsulation.Offers = (sender: own.offeredBytes, recipient: own.offeredBytes)
    #expect(keys.map(\.suite) == KeyAgreementSuite.allCases.map(\.name))
    for vector in keys {
      var reader = ByteReader(vector.wrapped.bytes.span)
      let wrapped = try WrappedKey(reading: &reader)
      #expect(wrapped.suite.name == vector.suite)
      #expect(
        try wrapped.open(with: recipientKeys, offers: offers, binding: vector.binding.binding) == key(vector.key))
    }
    for vector in credentials {
      let opened = try WrappedCredential.unwrap(
        vector.wrapped.bytes, with: recipientKeys, minimumSuite: try #require(KeyAgreementSuite(name: vector.suite)),
        offers: offers,
        binding: WrappedCredential.Binding(
          room: secret.room, sender: bundleHash, recipient: recipient.bytes, purpose: vector.purpose))
      #expect(opened == vector.credential.bytes)
    }
    let parsed = try Commit(parsing: commit.header.bytes + commit.signature.bytes)
    #expect(parsed.header.bytes == commit.header.bytes)
    #expect(parsed.hash == commit.hash.bytes)
    #expect(parsed.header.excluded == [5, 70_000])
    #expect(parsed.header.entries.map(\.hash) == keys.map { sha3($0.wrapped.bytes) })
    #expect(
      isValidSignature(
        commit.signature.bytes, of: commit.header.bytes, context: Commit.signatureContext, by: own.identity))
    guard case .keyUpdate(let update)? = SealedMessage(parsing: keyUpdate.bytes) else {
      Issue.record("not a key update")
      return
    }
    #expect(update.keys.generation == 1)
    #expect(update.keys.isUsable(for: KeyAgreementSuite.allCases, probe: .init()))
    let signed = KeyUpdate.signedBytes(update.keys, room: secret.room, bundleHash: bundleHash)
    #expect(isValidSignature(update.signature, of: signed, context: KeyUpdate.signatureContext, by: own.identity))
  }
}
