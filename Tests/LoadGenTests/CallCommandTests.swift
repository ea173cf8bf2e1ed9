import ArgumentParser
import E2EKeys
import LoadGen
import Testing
import WireBytes

@Suite struct CallCommandTests {
  private func command(_ arguments: [String]) throws -> CallCommand { try CallCommand.parse(arguments) }

  @Test("the defaults are those of the documentation")
  func defaults() throws {
    let scenario = try command([]).scenario()
    #expect(scenario.rooms == 1 && scenario.participants == 8 && scenario.duration == .seconds(30))
    #expect(scenario.policy.offered == [.x25519MLKEM1024, .mlkem1024] && scenario.policy.minimumSuite == .mlkem1024)
    #expect(scenario.churnEvents.isEmpty && scenario.recordFolder == nil && scenario.talkers == 8)
    #expect(try command([]).relayAddress() == nil)
  }

  @Test(
    "durations are a number and a unit",
    arguments: [
      ("500ms", 500), ("30s", 30_000), ("1.5s", 1_500), ("2m", 120_000), ("1h", 3_600_000),
    ] as [(String, UInt64)])
  func durations(_ text: String, _ milliseconds: UInt64) {
    #expect(CallCommand.parseDuration(text) == .milliseconds(milliseconds))
  }

  @Test(
    "anything else is no duration",
    arguments: [
      "", "s", "30", "-3s", "0s", "nans", "infs", "0x10s", "1e3s", " 5s", "5 s", "1d", "1.2.3s", "99999999999h", "٣s",
    ])
  func noDuration(_ text: String) { #expect(CallCommand.parseDuration(text) == nil) }

  private static let wrong: [([String], String)] = [
    (["--rooms", "0"], "--rooms 0: "), (["--participants", "1"], "--participants 1: "),
    (["--participants", "200"], "--participants 200: up to 127 fit"),
    (["--participants", "127", "--churn", "10"], "--participants 127: up to 126 fit"),
    (["--churn=-1"], "--churn -1.0: "), (["--churn", "nan"], "--churn nan: "), (["--duration", "1"], "--duration 1: "),
    (["--duration", "500ms"], "--duration 500ms: "), (["--duration", "25h"], "--duration 25h: "),
    (["--suite", "rot13"], "--suite rot13: one of x25519-mlkem1024"), (["--video-bitrate", "9e9"], "--video-bitrate "),
    (["--no-audio", "--no-video"], "--no-audio --no-video: "), (["--no-audio", "--audio", "a.wav"], "--audio a.wav: "),
    (["--no-video", "--video", "v.ivf"], "--video v.ivf: "), (["--shards", "0"], "--shards 0: "),
    (["--relay", "ws://h", "--metrics-port", "70000"], "--metrics-port 70000: "),
    (["--max-loss", "101"], "--max-loss"), (["--talkers", "0"], "--talkers 0: 1 to"),
    (["--talkers", "9"], "--talkers 9: 1 to"), (["--no-audio", "--talkers", "2"], "--talkers 2: not together"),
    (["--max-rekey-p95", "nan"], "--max-rekey-p95 nan"), (["--max-removal-p95=-1"], "--max-removal-p95 -1"),
    (["--policy", "/nowhere/p.yaml"], "/nowhere/p.yaml: the policy file cannot be read"),
    (["--policy", "p.yaml", "--suite", "mlkem1024"], "--suite: not together with --policy"),
    (["--max-latency=-1"], "--max-latency -1.0: "), (["--max-join", "inf"], "--max-join"),
    (["--min-mos", "5"], "--min-mos"),
    (["--insecure"], "--insecure: only with --relay"), (["--metrics-port", "1"], "--metrics-port: only with --relay"),
    (["--fingerprint", "00"], "--fingerprint: only with --relay"), (["--relay", "h:1"], "--relay h:1: "),
    (["--relay", "ws://h", "--shards", "2"], "--shards: only"),
    (["--relay", "wss://h", "--fingerprint", "00"], "--fingerprint 00: 64 hex digits"),
    (
      ["--relay", "wss://h", "--insecure", "--fingerprint", String(repeating: "0", count: 64)],
      "--insecure: not together with --fingerprint"
    ),
  ]

  @Test("each wrong flag is named with its value and what is allowed", arguments: wrong)
  func wrongFlags(_ arguments: [String], _ beginning: String) throws {
    let command = try command(arguments)
    let error = #expect(throws: CommandError.self) {
      _ = try command.scenario()
      _ = try command.relayAddress()
    }
    #expect(error?.description.hasPrefix(beginning) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  @Test("places that cannot be written are found before the run")
  func outputs() throws {
    #expect(throws: MediaFileError.self) { try command(["--json", "/proc/nothing/report.json"]).checkOutputs() }
    #expect(throws: MediaFileError.self) { try command(["--json", "/"]).checkOutputs() }
    #expect(throws: MediaFileError.self) { try command(["--plot", "/proc/nothing/run.svg"]).checkOutputs() }
    #expect(throws: MediaFileError.self) { try command(["--record", "/proc/version"]).checkOutputs() }
    #expect(throws: MediaFileError.self) { try command(["--record", "/proc/nothing"]).checkOutputs() }
    try command(["--json", "/dev/null"]).checkOutputs()
  }

  @Test("joins and leaves take turns at equal distances, and the last two seconds are quiet")
  func churn() {
    var scenario = CallScenario()
    scenario.duration = .seconds(20)
    scenario.churnPerMinute = 12
    #expect(scenario.churnEvents.map(\.at.milliseconds) == [2_500, 7_500, 12_500, 17_500])
    #expect(scenario.churnEvents.map(\.kind) == [.join, .leave, .join, .leave])
    scenario.churnPerMinute = 6
    #expect(scenario.churnEvents.map(\.at.milliseconds) == [5_000, 15_000])
    #expect(scenario.receiveSlots == 9)
    scenario.churnPerMinute = 0
    #expect(scenario.churnEvents.isEmpty && scenario.receiveSlots == 8)
  }

  @Test("a log shows changing numbers at intervals, and another step at once")
  func progress() {
    var filter = ProgressFilter(patience: .seconds(10))
    let steps: [(String, UInt64)] = [
      ("1 of 8 join", 1_000), ("2 of 8 join", 2_000), ("3 of 8 join", 11_000), ("counting", 11_001),
      ("counting", 90_000),
      ("4 of 8 join", 90_001),
    ]
    #expect(steps.map { filter.passes($0.0, at: Audited.at($0.1)) } == [true, false, true, true, false, true])
  }
}

@Suite struct RelayAddressTests {
  @Test(
    "scheme, host and port",
    arguments: [
      ("ws://127.0.0.1:7000", "127.0.0.1", 7_000, false), ("wss://sfu.example", "sfu.example", 443, true),
      ("ws://sfu.example/", "sfu.example", 80, false), ("wss://[::1]:8443/v1/call", "::1", 8_443, true),
      ("ws://[fe80::1%eth0]", "fe80::1%eth0", 80, false),
    ])
  func accepted(_ url: String, _ host: String, _ port: Int, _ isTLS: Bool) throws {
    let address = try #require(RelayAddress(url: url, trust: .system))
    #expect((address.host, address.port, address.isTLS) == (host, port, isTLS))
  }

  @Test(
    "anything else is refused",
    arguments: [
      "", "ws://", "http://h", "h:1", "WS//h", "ws://:1", "ws://h:", "ws://h:0", "ws://h:65536", "ws://h:+80",
      "ws://h:8a",
      "ws://[::1", "ws://[]:1", "ws://[::1]x", "ws://h/other", "ws://user@h", "ws://h h", "ws://h?x", "ws://é",
      "ws://h:99999999999999999999",
    ])
  func refused(_ url: String) { #expect(RelayAddress(url: url, trust: .system) == nil) }

  @Test("an IPv6 address stands in brackets in the Host header")
  func authority() {
    #expect(RelayAddress(url: "wss://[::1]:5", trust: .system)?.authority == "[::1]:5")
    #expect(RelayAddress(url: "wss://h", trust: .system)?.authority == "h:443")
  }

  @Test("a fingerprint is 32 bytes of hex, with or without colons, in either case")
  func fingerprint() {
    let bytes = (0..<32).map { UInt8($0 * 8) }
    let pairs = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    #expect(CertificatePin.parse(pairs.joined()) == bytes)
    #expect(CertificatePin.parse(pairs.joined(separator: ":").uppercased()) == bytes)
    let zeros = String(repeating: "0", count: 62)
    for text in ["", zeros, zeros + "000", zeros + "0g", "+f" + zeros, zeros + "é", zeros + "-1", zeros + "٣"] {
      #expect(CertificatePin.parse(text) == nil, "\(text)")
    }
  }
}
