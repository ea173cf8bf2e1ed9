import ArgumentParser
import Glibc
import RelayControl
import Testing
import WireBytes

import RelayRuntime

struct CommandTests {
  private static let relayYAML =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/Config/relay.yaml"

  private func outcome(_ arguments: String...) async -> CommandOutcome {
    await RelayCommand.outcome(of: arguments)
  }

  @Test func `version and help go to standard output with exit code 0`() async {
    let version = await outcome("--version")
    #expect(version.exitCode == 0)
    #expect(version.output?.hasPrefix("sfu-relay \(BuildInfo.version)") == true)
    let help = await outcome("--help")
    #expect(help.exitCode == 0)
    for word in ["serve", "check-config", "token", "--version"] { #expect(help.output?.contains(word) == true) }
    let serve = await outcome("serve", "--help")
    #expect(serve.exitCode == 0)
    for word in ["--config", "--dev", "--media-udp-port"] { #expect(serve.output?.contains(word) == true) }
  }

  @Test func `mistakes of the command line are one line and exit code 2`() async {
    for arguments in [
      ["serve", "--bogus"], ["nonsense"], ["serve", "--dev", "--set", "nothing"], ["token"],
      ["serve", "--dev", "--signaling-port", "abc"], ["serve", "--config", "/nonexistent.yaml"],
      ["check-config", "--set", "media.prot=1"],
      ["token", "--room", "x", "--key-id", "k", "--secret-file", "/dev/null"],
    ] {
      let outcome = await RelayCommand.outcome(of: arguments)
      #expect(outcome.exitCode == 2, "\(arguments)")
      #expect(outcome.errorLine?.isEmpty == false, "\(arguments)")
      #expect(outcome.errorLine?.contains("\n") == false, "\(arguments)")
      #expect(outcome.output == nil, "\(arguments)")
    }
  }

  @Test func `the documented configuration passes the check`() async {
    #expect(await outcome("check-config", "--config", Self.relayYAML).exitCode == 0)
    #expect(await outcome("check-config", "--dev", "--config", Self.relayYAML).exitCode == 0)
  }

  @Test func `a token is verified by the relay that knows the secret`() throws {
    let path = "/tmp/sfu-relay-test-secret-\(getpid())"
    let secret = "0123456789abcdef0123456789abcdef"
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    let line = Array((secret + "\n").utf8)
    let written = unsafe write(descriptor, line, line.count)
    #expect(written == line.count)
    close(descriptor)
    defer { unsafe unlink(path) }
    let room = try #require(RoomID(bytes: [UInt8](repeating: 7, count: 16)))
    let command = try TokenCommand.parse([
      "--room", room.text, "--secret-file", path, "--key-id", "front", "--ttl", "2h", "--no-publish",
    ])
    let token = try command.token()
    let now = UInt64(time(nil))
    let grants = try JoinToken.verify(token, keys: ["front": Array(secret.utf8)], room: room, nowUnixSeconds: now)
    #expect(grants == JoinToken.Grants(canPublish: false, canSubscribe: true))
    #expect(throws: TokenError.expired) {
      try JoinToken.verify(
        token, keys: ["front": Array(secret.utf8)], room: room, nowUnixSeconds: now + 2 * 3600 + 60)
    }
    let other = try TokenCommand.parse(["--room", room.text, "--key-id", "front", "--config", Self.relayYAML])
    let error = #expect(throws: ConfigurationError.self) { try other.token() }
    #expect(error?.message.contains("allowed is a key of `tokens.keys`") == true)
  }

  @Test func `times are seconds with or without a unit`() {
    #expect(TokenCommand.seconds("90") == 90)
    #expect(TokenCommand.seconds("90s") == 90)
    #expect(TokenCommand.seconds("15m") == 900)
    #expect(TokenCommand.seconds("2h") == 7200)
    #expect(TokenCommand.seconds("366d") == 31_622_400)
    for text in ["", "s", "0", "-1", "1w", "367d", "99999999999999999999", "1.5h", " 1"] {
      #expect(TokenCommand.seconds(text) == nil, "\(text)")
    }
  }
}
