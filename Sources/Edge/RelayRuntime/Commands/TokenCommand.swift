package import ArgumentParser
import DatagramIO
import FoundationEssentials
import RelayControl
import WireBytes

/// `sfu-relay token`
package struct TokenCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make a join token (a JWT signed with HS256) and print it.",
    discussion: """
      The secret is that of --secret-file, or of the key --key-id in the settings. Whoever has the token may join this \
      one room until it expires; to read what is said there takes the call's invite link as well.
      """)

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The room's pseudonym: 22 characters of base64url, as clients send it in `join`.", valueName: "id"))
  var room: String
  @Option(name: .long, help: ArgumentHelp("File with the secret, 32 bytes at least.", valueName: "file"))
  var secretFile: String?
  @Option(name: .long, help: ArgumentHelp("Id of the key, as in tokens.keys of the relay.", valueName: "id"))
  var keyID: String
  @Option(name: .long, help: ArgumentHelp("YAML file of settings that names the key's file.", valueName: "file"))
  var config: String?
  @Option(
    name: .long, help: ArgumentHelp("How long the token is valid: seconds, or 90s, 15m, 2h, 1d.", valueName: "time"))
  var ttl = "1h"
  @Flag(name: .long, help: "The bearer may not publish.")
  var noPublish = false
  @Flag(name: .long, help: "The bearer may not receive.")
  var noSubscribe = false

  package init() {}

  package func run() throws { print(try token()) }

  /// The token, as `run` prints it.
  package func token() throws -> String {
    guard let room = RoomID(text: room) else {
      throw ConfigurationError("--room: value `\(room)`: allowed are 16 bytes as base64url, which is 22 characters")
    }
    guard let lifetime = Self.seconds(ttl) else {
      throw ConfigurationError(
        "--ttl: value `\(ttl)`: allowed is a time from 1s to 366d, such as 900, 90s, 15m, 2h, 1d")
    }
    let now = MonotonicClock.now()
    return JoinToken.mint(
      room: room, keyID: keyID, secret: try secret(),
      grants: JoinToken.Grants(canPublish: !noPublish, canSubscribe: !noSubscribe),
      nowUnixSeconds: MonotonicClock.wallClock().unixSeconds(at: now), lifetimeSeconds: lifetime)
  }

  private func secret() throws -> [UInt8] {
    if let secretFile {
      do { return try TokenKeys.secret(fromFile: secretFile) } catch {
        throw ConfigurationError(
          "--secret-file: value `\(secretFile)`: allowed is \(TokenKeys.allowed) (\(error.reason))")
      }
    }
    let file = try config.map { path throws(ConfigurationError) in try SettingsFile(path: path) }
    let settings = try Settings(file: file, environment: ProcessInfo.processInfo.environment)
    let configuration = try RelayConfiguration(settings, isDevelopment: false, coreCount: 1)
    guard let secret = try TokenKeys.load(configuration)[keyID] else {
      throw ConfigurationError(
        "--key-id: value `\(keyID)`: allowed is a key of `tokens.keys` in the settings; or give --secret-file")
    }
    return secret
  }

  /// Seconds of "90", "90s", "15m", "2h" or "1d"; nil for anything else.
  package static func seconds(_ text: String) -> UInt64? {
    let units: [Character: UInt64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    let unit = text.last.flatMap { units[$0] }
    let digits = unit == nil ? text[...] : text.dropLast()
    guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt64(digits), number <= 366 * 86_400 else {
      return nil
    }
    let seconds = number * (unit ?? 1)
    return (1...(366 * 86_400)).contains(seconds) ? seconds : nil
  }
}
