package import ArgumentParser
import E2EKeys
import Glibc
import Synchronization
import WireBytes

/// `sfu-loadgen call`.
package struct CallCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "call",
    abstract: "Holds calls in which everyone sends audio and video and receives everyone.",
    discussion: """
      Without --relay a relay is started on loopback and stopped at the end. Every received frame is decrypted and \
      compared with what was sent. The exit code is 0 only if the verdict is pass.
      """)

  @Option(help: "The relay's signalling, ws://HOST:PORT or wss://HOST:PORT. Default: a relay of the run's own.")
  var relay: String?
  @Option(help: "SHA-256 of the relay's certificate (hex), for a self-signed one.")
  var fingerprint: String?
  @Flag(help: "Accept any certificate of the relay. The end-to-end layer holds all the same.")
  var insecure = false
  @Option(help: "Port of the given relay's metrics on 127.0.0.1, for the relay's part of the report.")
  var metricsPort: Int?
  @Option(help: "Join token, if the relay wants one.")
  var token: String?
  @Option(help: "Shards of the run's own relay. Default: one for each core.")
  var shards: Int?

  @Option(help: "Number of rooms.")
  var rooms = 1
  @Option(help: "Participants in each room.")
  var participants = 8
  @Option(help: "Length of the measured call: 30s, 2m, 500ms.")
  var duration = "30s"
  @Option(help: "WAV file (16-bit PCM) that participants say. Default: generated speech-like sound.")
  var audio: String?
  @Option(help: "VP8 IVF file that participants show. Default: generated frames, 720p 30 fps at 1.2 Mbit/s.")
  var video: String?
  @Flag(name: .customLong("no-audio"), help: "Send no audio.")
  var noAudio = false
  @Flag(name: .customLong("no-video"), help: "Send no video.")
  var noVideo = false
  @Option(help: "Bits per second of generated video.")
  var videoBitrate = 1_200_000.0
  @Option(help: "Joins and leaves per minute and room, in turn.")
  var churn = 0.0
  @Option(help: "Key agreement suite: \(KeyAgreementSuite.allCases.map(\.name).joined(separator: ", ")).")
  var suite = KeyAgreementSuite.x25519MLKEM1024.name
  @Option(help: "Folder for what the first participant decrypted: Ogg Opus and IVF for each sender.")
  var record: String?
  @Option(help: "File for the report as JSON.")
  var json: String?
  @Option(help: "Seed of generated media.")
  var seed: UInt64 = 1
  @Flag(help: "Print no progress.")
  var quiet = false

  @Option(help: "Missing frames allowed, percent.")
  var maxLoss = Thresholds().maxLossPercent
  @Option(help: "Audio latency allowed, 95th percentile, milliseconds.")
  var maxLatency = Thresholds().maxAudioLatencyP95Microseconds / 1_000
  @Option(help: "Time allowed for a rekey, milliseconds.")
  var maxRekey = Thresholds().maxRekeyMilliseconds
  @Option(help: "Time allowed from WebSocket to first decrypted frame, 95th percentile, milliseconds.")
  var maxJoin = Thresholds().maxJoinP95Milliseconds
  @Option(help: "Least speech quality allowed (MOS, 1 to 4.5).")
  var minMos = Thresholds().minMOS

  package init() {}

  package func run() async throws {
    let scenario = try scenario()
    let address = try address()
    let display = ProgressLine(enabled: !quiet)
    let runner = CallRunner(
      scenario, relay: address, metricsPort: metricsPort, shards: shards, progress: { display.show($0) })
    let report: CallReport
    do {
      report = try await runner.run()
    } catch {
      display.clear()
      Self.fail("sfu-loadgen: \(error)", code: 2)
    }
    display.clear()
    print(CallReportText.render(report))
    if let json {
      let folder = json.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      do {
        if !folder.isEmpty { try FileBytes.makeDirectory(folder) }
        try FileBytes.write(report.json, to: json)
      } catch {
        Self.fail("sfu-loadgen: \(error)", code: 2)
      }
    }
    if report.verdict != "pass" { throw ExitCode(1) }
  }

  private func scenario() throws -> CallScenario {
    var scenario = CallScenario()
    func check(_ condition: Bool, _ flag: String, _ value: Any, _ allowed: String) {
      if !condition { Self.fail("sfu-loadgen: --\(flag) \(value): \(allowed)", code: 2) }
    }
    check((1...1_000).contains(rooms), "rooms", rooms, "1 to 1000 are allowed")
    check((2...1_000).contains(participants), "participants", participants, "2 to 1000 are allowed")
    check((0...600).contains(churn), "churn", churn, "0 to 600 per minute are allowed")
    check(
      (10_000...50_000_000).contains(videoBitrate), "video-bitrate", videoBitrate, "10000 to 50000000 are allowed")
    check(!(noAudio && noVideo), "no-audio", "--no-video", "a call sends audio, video or both")
    guard let length = Self.parseDuration(duration), length.seconds >= 1, length.seconds <= 86_400 else {
      Self.fail("sfu-loadgen: --duration \(duration): a time such as 30s, 2m or 1500ms, 1 s to 24 h", code: 2)
    }
    guard let chosen = KeyAgreementSuite.allCases.first(where: { $0.name == suite }) else {
      let names = KeyAgreementSuite.allCases.map(\.name).joined(separator: ", ")
      Self.fail("sfu-loadgen: --suite \(suite): one of \(names)", code: 2)
    }
    scenario.rooms = rooms
    scenario.participants = participants
    scenario.duration = length
    scenario.audio = noAudio ? .off : audio.map { .file($0) } ?? .generated
    var shape = VideoGenerator.Shape.hd
    shape.bitrate = videoBitrate
    scenario.video = noVideo ? .off : video.map { .file($0) } ?? .generated(shape)
    scenario.churnPerMinute = churn
    scenario.suite = chosen
    scenario.recordFolder = record
    scenario.seed = seed
    scenario.token = token
    scenario.thresholds.maxLossPercent = maxLoss
    scenario.thresholds.maxAudioLatencyP95Microseconds = maxLatency * 1_000
    scenario.thresholds.maxRekeyMilliseconds = maxRekey
    scenario.thresholds.maxJoinP95Milliseconds = maxJoin
    scenario.thresholds.minMOS = minMos
    return scenario
  }

  private func address() throws -> RelayAddress? {
    guard let relay else { return nil }
    var trust = RelayAddress.Trust.system
    if insecure { trust = .anything }
    if let fingerprint {
      guard let bytes = CertificatePin.parse(fingerprint) else {
        Self.fail("sfu-loadgen: --fingerprint \(fingerprint): 64 hex digits, with or without colons", code: 2)
      }
      trust = .fingerprint(bytes)
    }
    guard let address = RelayAddress(url: relay, trust: trust) else {
      Self.fail("sfu-loadgen: --relay \(relay): ws://HOST:PORT or wss://HOST:PORT", code: 2)
    }
    return address
  }

  static func parseDuration(_ text: String) -> TimeInterval? {
    let units: [(String, Double)] = [("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9)]
    guard let unit = units.first(where: { text.hasSuffix($0.0) }),
      let value = Double(text.dropLast(unit.0.count)), value > 0, value * unit.1 < 1e18
    else { return nil }
    return TimeInterval(nanoseconds: UInt64(value * unit.1))
  }

  static func fail(_ message: String, code: Int32) -> Never {
    StandardError.write(message + "\n")
    Glibc.exit(code)
  }
}
