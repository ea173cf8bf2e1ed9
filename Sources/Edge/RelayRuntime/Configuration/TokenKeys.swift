import RelayControl

/// Reads the secrets that sign join tokens.
package enum TokenKeys {
  /// Line ends at the file's end are not part of the secret.
  package static func secret(fromFile path: String) throws(FileError) -> [UInt8] {
    var secret = try FileContents.read(path)
    while let last = secret.last, last == 10 || last == 13 { secret.removeLast() }
    guard secret.count >= JoinToken.minimumSecretBytes else {
      throw FileError(reason: "it holds \(secret.count) bytes")
    }
    return secret
  }

  /// What a secret file must be, for error lines.
  static let allowed = "a readable file with a secret of \(JoinToken.minimumSecretBytes) bytes or more"

  package static func load(_ configuration: RelayConfiguration) throws(ConfigurationError) -> [String: [UInt8]] {
    var keys: [String: [UInt8]] = [:]
    for (id, path) in configuration.tokenKeyFiles.sorted(by: { $0.key < $1.key }) {
      do { keys[id] = try secret(fromFile: path) } catch {
        throw configuration.settings.fault(
          .tokensKeys, allowed: "KEYID=FILE with " + allowed, reason: "\(path): \(error.reason)")
      }
    }
    return keys
  }
}
