import FoundationEssentials

/// ML-DSA-65 keys as PEM files that other programs read: RFC 9881 in RFC 7468's armour.
///
/// All lengths are fixed, so each DER structure is a constant prefix and the key; nothing else is accepted.
package enum ArtifactKeyFile {
  /// `SubjectPublicKeyInfo { AlgorithmIdentifier { 2.16.840.1.101.3.4.3.18 }, BIT STRING }`, up to the key.
  private static let publicPrefix: [UInt8] =
    [0x30, 0x82, 0x07, 0xB2] + algorithm + [0x03, 0x82, 0x07, 0xA1, 0x00]
  /// `OneAsymmetricKey { 0, AlgorithmIdentifier, OCTET STRING { seed [0] OCTET STRING } }`, up to the seed: the form that
  /// RFC 9881 section 6 recommends.
  private static let privatePrefix: [UInt8] =
    [0x30, 0x34, 0x02, 0x01, 0x00] + algorithm + [0x04, 0x22, 0x80, 0x20]
  private static let algorithm: [UInt8] = [
    0x30, 0x0B, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12,
  ]
  private static let seedLength = 32
  private static let (publicLabel, privateLabel) = ("PUBLIC KEY", "PRIVATE KEY")
  private static let lineLength = 64
  /// The public key's text has 2.7 KB; a device file or a mistyped one has more.
  package static let maximumText = 16_384

  /// The private key's file: secret.
  package static func privateText(of identity: MemberIdentity) -> [UInt8] {
    armour(privatePrefix + identity.rawRepresentation, privateLabel)
  }

  package static func publicText(of identity: MemberIdentity) -> [UInt8] {
    armour(publicPrefix + identity.publicKey, publicLabel)
  }

  /// From a private key's file. Throws `malformedKey`.
  package static func identity(text: [UInt8]) throws(ArtifactError) -> MemberIdentity {
    let seed = try body(text, privateLabel, prefix: privatePrefix, length: seedLength)
    do { return try MemberIdentity(rawRepresentation: seed) } catch {
      throw .malformedKey("the seed gives no key")
    }
  }

  /// The 1952 bytes of a public key's file. Throws `malformedKey`.
  package static func publicKey(text: [UInt8]) throws(ArtifactError) -> [UInt8] {
    try body(text, publicLabel, prefix: publicPrefix, length: MemberIdentity.publicKeyLength)
  }

  private static func armour(_ der: [UInt8], _ label: String) -> [UInt8] {
    let base64 = Array(Data(der).base64EncodedString().utf8)
    var text = Array("-----BEGIN \(label)-----\n".utf8)
    for start in stride(from: 0, to: base64.count, by: lineLength) {
      text += base64[start..<min(start + lineLength, base64.count)] + [10]
    }
    return text + Array("-----END \(label)-----\n".utf8)
  }

  private static func body(
    _ text: [UInt8], _ label: String, prefix: [UInt8], length: Int
  ) throws(ArtifactError) -> [UInt8] {
    let der = try disarm(text, label)
    guard der.starts(with: prefix), der.count == prefix.count + length else {
      throw .malformedKey(
        label == privateLabel
          ? "it is no ML-DSA-65 private key in the seed form" : "it is no ML-DSA-65 public key")
    }
    return Array(der.dropFirst(prefix.count))
  }

  /// One block, in RFC 7468's strict form but for the ends of lines, which may be CRLF, and white space at the end.
  private static func disarm(_ text: [UInt8], _ label: String) throws(ArtifactError) -> [UInt8] {
    guard text.count <= maximumText else { throw .malformedKey("it is larger than 16 KiB") }
    let trimmed = text.reversed().drop { $0 == 10 || $0 == 13 || $0 == 32 }.reversed()
    var lines = Array(trimmed).split(separator: 10, omittingEmptySubsequences: false).map {
      $0.last == 13 ? $0.dropLast() : $0
    }
    guard lines.count >= 3, lines.first?.elementsEqual("-----BEGIN \(label)-----".utf8) == true,
      lines.last?.elementsEqual("-----END \(label)-----".utf8) == true
    else { throw .malformedKey("it is not one PEM block `\(label)`") }
    lines = Array(lines.dropFirst().dropLast())
    let isRegular = lines.dropLast().allSatisfy { $0.count == lineLength } && lines.last?.isEmpty == false
    guard isRegular, let last = lines.last, last.count <= lineLength else {
      throw .malformedKey("its lines are not \(lineLength) characters long")
    }
    let base64 = String(decoding: lines.joined(), as: UTF8.self)
    // Encoding again settles what decoders leave open: stray bits, characters that are skipped.
    guard let data = Data(base64Encoded: base64), data.base64EncodedString() == base64 else {
      throw .malformedKey("it is not base64")
    }
    return Array(data)
  }
}
