import FoundationEssentials
import WireBytes

/// The file of a detached signature: one JSON object with exactly these fields, 64 KiB at most.
///
/// | field | value |
/// |---|---|
/// | `version` | 1 |
/// | `algorithm` | `ML-DSA-65 with SHA3-256` |
/// | `kind` | what the artifact is: 1 to 64 printable ASCII characters |
/// | `length` | the artifact's bytes, a decimal number as a string: JSON's numbers end at 2^53 in many readers |
/// | `digest` | SHA3-256 of the artifact, 64 hex digits in lower case |
/// | `signer` | ML-DSA-65 public key, base64url without padding |
/// | `signature` | ML-DSA-65 signature, base64url without padding |
extension ArtifactSignature {
  private static let algorithm = "ML-DSA-65 with SHA3-256"
  package static let maximumText = 65_536

  private static let fields: Set<String> = [
    "version", "algorithm", "kind", "length", "digest", "signer", "signature",
  ]

  /// The file's bytes: the same signature always gives the same ones.
  package var text: [UInt8] {
    let kind = kind.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : "\($1)" }
    let lines = """
      {
        "version": \(Self.version),
        "algorithm": "\(Self.algorithm)",
        "kind": "\(kind)",
        "length": "\(digest.length)",
        "digest": "\(Self.hex(digest.sha3))",
        "signer": "\(Base64URL.encode(signer))",
        "signature": "\(Base64URL.encode(signature))"
      }

      """
    return Array(lines.utf8)
  }

  /// From a file's bytes. Throws `malformedSignature`; nothing is verified yet.
  package init(text: [UInt8]) throws(ArtifactError) {
    guard text.count <= Self.maximumText else { throw .malformedSignature("it is larger than 64 KiB") }
    let form: Form
    do { form = try JSONDecoder().decode(Form.self, from: Data(text)) } catch {
      throw .malformedSignature("it is not the JSON of a signature")
    }
    guard form.names == Self.fields else {
      throw .malformedSignature("its fields must be \(Self.fields.sorted().joined(separator: ", "))")
    }
    guard form.version == Int(Self.version) else { throw .malformedSignature("its version is not \(Self.version)") }
    guard form.algorithm == Self.algorithm else {
      throw .malformedSignature("its algorithm is not `\(Self.algorithm)`")
    }
    guard Self.isKind(form.kind) else { throw .malformedSignature("`kind` is not 1 to 64 printable characters") }
    guard let length = UInt64(form.length), String(length) == form.length else {
      throw .malformedSignature("`length` is not a number of bytes")
    }
    guard let sha3 = Self.bytes(hex: form.digest) else {
      throw .malformedSignature("`digest` is not 64 hex digits in lower case")
    }
    guard let signer = Base64URL.decode(form.signer), signer.count == MemberIdentity.publicKeyLength else {
      throw .malformedSignature("`signer` is not an ML-DSA-65 public key in base64url")
    }
    guard let signature = Base64URL.decode(form.signature), signature.count == MemberIdentity.signatureLength else {
      throw .malformedSignature("`signature` is not an ML-DSA-65 signature in base64url")
    }
    self.init(
      kind: form.kind, digest: ArtifactDigest(length: length, sha3: sha3), signer: signer, signature: signature)
  }

  private struct Form: Decodable {
    let names: Set<String>
    let version: Int
    let algorithm, kind, length, digest, signer, signature: String

    private struct Name: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(_ name: String) { stringValue = name }
      init?(stringValue: String) { self.init(stringValue) }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Name.self)
      names = Set(fields.allKeys.map(\.stringValue))
      version = try fields.decode(Int.self, forKey: Name("version"))
      algorithm = try fields.decode(String.self, forKey: Name("algorithm"))
      kind = try fields.decode(String.self, forKey: Name("kind"))
      length = try fields.decode(String.self, forKey: Name("length"))
      digest = try fields.decode(String.self, forKey: Name("digest"))
      signer = try fields.decode(String.self, forKey: Name("signer"))
      signature = try fields.decode(String.self, forKey: Name("signature"))
    }
  }

  private static let digits = Array("0123456789abcdef".utf8)

  package static func hex(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Nil unless it is a digest's bytes in lower case: every digest has exactly one accepted form.
  private static func bytes(hex text: String) -> [UInt8]? {
    let values = text.utf8.compactMap { digits.firstIndex(of: $0) }
    guard text.utf8.count == 2 * ArtifactDigest.byteCount, values.count == text.utf8.count else { return nil }
    return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
  }
}
