package import ArgumentParser
import E2EKeys
import Glibc

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
  @Option(help: "Secret of the call to join, as `sfu-loadgen invite` makes it. Default: a new call for each room.")
  var invite: String?
  @Option(help: "Join token for the call's room, if the relay wants one.")
  var token: String?
  @Option(help: "Shards of the run's own relay. Default: one for each core.")
  var shards: Int?

  @Option(help: "Number of rooms.")
  var rooms = 1
  @Option(help: "Participants in each room.")
  var participants = 8
  @Option(help: "Length of the measured call: 30s, 2m, 1500ms.")
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
  @Option(help: "Members of a room that talk at the same time. Default: all in rooms up to 32, 4 in larger ones.")
  var talkers: Int?
  @Option(
    help: """
      The one key agreement suite that everyone uses: \(KeyAgreementSuite.allCases.map(\.name).joined(separator: ", ")). \
      Default: the strongest.
      """)
  var suite: String?
  @Option(help: "YAML file with everyone's demands on keys; see Config/client-policy.yaml. Not together with --suite.")
  var policy: String?
  @Option(help: "Folder for what the first participant decrypted: Ogg Opus and IVF for each sender.")
  var record: String?
  @Option(help: "File for the report as JSON.")
  var json: String?
  @Option(help: "File for a picture (SVG) of key changes and audio latency.")
  var plot: String?
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
  @Option(help: "Time allowed for a rekey in the measured call, 95th percentile, milliseconds.")
  var maxRekeyP95 = Thresholds().maxRekeyP95Milliseconds
  @Option(help: "Time until nobody uses a key that a departed member had, 95th percentile, milliseconds.")
  var maxRemovalP95 = Thresholds().maxRemovalP95Milliseconds
  @Option(help: "Time allowed from WebSocket to first decrypted frame, 95th percentile, milliseconds.")
  var maxJoin = Thresholds().maxJoinP95Milliseconds
  @Option(help: "Least speech quality allowed (MOS, 1 to 4.5).")
  var minMos = Thresholds().minMOS

  package init() {}

  package func run() async throws {
    let scenario = try scenario()
    let address = try relayAddress()
    try checkOutputs()
    let display = ProgressLine(enabled: !quiet)
    defer { display.clear() }
    let runner = CallRunner(
      scenario, relay: address, metricsPort: metricsPort, shards: shards, progress: { display.show($0) })
    let report = try await runner.run()
    display.clear()
    print(CallReportText.render(report))
    if let json { try FileBytes.write(report.json, to: json) }
    if let plot { try FileBytes.write(CallPicture.draw(report), to: plot) }
    if report.verdict != "pass" { throw ExitCode(1) }
  }
}
