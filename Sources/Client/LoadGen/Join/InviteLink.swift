package import E2EKeys

/// What `--invite` gives: the bare secret, or a call page's link, whose fragment holds the secret and the relay.
package struct InviteLink: Sendable {
  /// As in the link, not looked at any further; nil if there is none.
  package let relay: String?
  /// The join token, if the link has one.
  package let token: String?
  package let invite: InviteSecret

  /// The texts of errors hold nothing of `text`: it is a secret.
  package init(_ text: String) throws(CommandError) {
    guard let hash = text.firstIndex(of: "#") else {
      (relay, token) = (nil, nil)
      invite = try Self.secret(text)
      return
    }
    guard ["http://", "https://"].contains(where: { text.lowercased().hasPrefix($0) }) else {
      throw CommandError("--invite: a link begins with http:// or https://")
    }
    var values: [Substring: String] = [:]
    for pair in text[text.index(after: hash)...].split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      // A link may say more than this version knows.
      guard parts.count == 2, ["relay", "invite", "token"].contains(parts[0]) else { continue }
      guard let value = Self.decode(parts[1]) else {
        throw CommandError("--invite: the link's \(parts[0]) is not percent-encoded text")
      }
      guard values.updateValue(value, forKey: parts[0]) == nil else {
        throw CommandError("--invite: the link has more than one \(parts[0])")
      }
    }
    guard let secret = values["invite"] else {
      throw CommandError("--invite: the link has no invite= after the #; was it cut off?")
    }
    (relay, token) = (values["relay"], values["token"])
    invite = try Self.secret(secret)
  }

  private static func secret(_ text: String) throws(CommandError) -> InviteSecret {
    guard let secret = InviteSecret(text: text) else {
      throw CommandError(
        "--invite: a call page's link, or 32 bytes as base64url, which is 43 characters; see `sfu-loadgen invite`")
    }
    return secret
  }

  /// Percent-decoding (RFC 3986 section 2.1); nil for an incomplete escape and for what is not UTF-8.
  private static func decode(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(value), let low = rest.popFirst().flatMap(value) else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func value(of digit: UInt8) -> UInt8? {
    Character(UnicodeScalar(digit)).hexDigitValue.map { UInt8($0) }
  }
}
