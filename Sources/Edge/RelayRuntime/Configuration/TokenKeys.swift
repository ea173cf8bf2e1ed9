import RelayControl

/// Reads the secrets that sign join tokens.
package enum TokenKeys {
  /// Line ends at the file's end are not part of the secret.
  package static func secret(fromFile path: String) throws(ConfigurationError) -> [UInt8] {
    var secret = try FileContents.read(path, purpose: "token secret file")
    while let last = secret.last, last == 10 || last == 13 { secret.removeLast() }
    guard secret.count >= JoinToken.minimumSecretBytes else {
      throw ConfigurationError(
        "\(path): the token secret has \(secret.count) bytes: allowed is \(JoinToken.minimumSecretBytes) or more")
    }
    return secret
  }

  package static func load(_ files: [String: String]) throws(ConfigurationError) -> [String: [UInt8]] {
    var keys: [String: [UInt8]] = [:]
    for (id, path) in files.sorted(by: { $0.key < $1.key }) { keys[id] = try secret(fromFile: path) }
    return keys
  }
}
