package import WireBytes
import DatagramIO
import E2EKeys

/// From flags to a scenario: everything is checked before anything starts.
extension CallCommand {
  /// Media sections of one session description that parsers here and in browsers are sure to take.
  private static let maximumSections = 256

  package func scenario() throws(CommandError) -> CallScenario {
    try checkNumbers()
    try checkThresholds()
    guard let length = Self.parseDuration(duration), length.seconds >= 1, length.seconds <= 86_400 else {
      throw CommandError("--duration \(duration): a time such as 30s, 2m or 1500ms, 1 s to 24 h")
    }
    var scenario = CallScenario()
    scenario.rooms = rooms
    scenario.participants = participants
    scenario.duration = length
    scenario.audio = noAudio ? .off : audio.map { .file($0) } ?? .generated
    var shape = VideoGenerator.Shape.hd
    shape.bitrate = videoBitrate
    scenario.video = noVideo ? .off : video.map { .file($0) } ?? .generated(shape)
    scenario.churnPerMinute = churn
    scenario.policy = try keyPolicy()
    scenario.wantedTalkers = talkers
    scenario.recordFolder = record
    scenario.seed = seed
    scenario.token = token
    if let invite {
      guard let secret = InviteSecret(text: invite) else {
        throw CommandError("--invite: 32 bytes as base64url, which is 43 characters; see `sfu-loadgen invite`")
      }
      guard rooms == 1 else { throw CommandError("--rooms \(rooms): an invite is for one room") }
      scenario.invite = secret
    }
    scenario.thresholds.maxLossPercent = maxLoss
    scenario.thresholds.maxAudioLatencyP95Microseconds = maxLatency * 1_000
    scenario.thresholds.maxRekeyMilliseconds = maxRekey
    scenario.thresholds.maxRekeyP95Milliseconds = maxRekeyP95
    scenario.thresholds.maxRemovalP95Milliseconds = maxRemovalP95
    scenario.thresholds.maxJoinP95Milliseconds = maxJoin
    scenario.thresholds.minMOS = minMos
    let kinds = (noAudio ? 0 : 1) + (noVideo ? 0 : 1)
    let sections = kinds * (1 + scenario.receiveSlots)
    guard sections <= Self.maximumSections else {
      let most = Self.maximumSections / kinds - 1 - (scenario.receiveSlots - participants)
      throw CommandError("--participants \(participants): up to \(most) fit into a room with this media")
    }
    return scenario
  }

  /// With --suite everyone offers and accepts that one only, so that what runs is what was asked for.
  private func keyPolicy() throws(CommandError) -> KeyPolicy {
    if let policy {
      guard suite == nil else { throw CommandError("--suite: not together with --policy, which says what is offered") }
      do throws(PolicyFileError) {
        return try PolicyFile(path: policy).policy(clock: MonotonicClock.wallClock(), at: MonotonicClock.now())
      } catch {
        throw CommandError(error.description)
      }
    }
    guard let suite else { return KeyPolicy() }
    guard let chosen = KeyAgreementSuite(name: suite) else {
      throw CommandError("--suite \(suite): one of \(KeyAgreementSuite.allCases.map(\.name).joined(separator: ", "))")
    }
    return KeyPolicy(offered: [chosen], minimumSuite: chosen)
  }

  package func relayAddress() throws(CommandError) -> RelayAddress? {
    guard let relay else {
      for (flag, isGiven) in [
        ("fingerprint", fingerprint != nil), ("insecure", insecure), ("metrics-port", metricsPort != nil),
      ] where isGiven {
        throw CommandError("--\(flag): only with --relay; the run's own relay needs none")
      }
      return nil
    }
    guard shards == nil else { throw CommandError("--shards: only for the run's own relay, not with --relay") }
    let trust = try RelayAddress.Trust(fingerprint: fingerprint, insecure: insecure)
    guard let address = RelayAddress(url: relay, trust: trust) else {
      throw CommandError("--relay \(relay): ws://HOST:PORT or wss://HOST:PORT")
    }
    return address
  }

  /// Makes sure that what the run will write can be written: a run's result must not be lost for a typing error.
  package func checkOutputs() throws(MediaFileError) {
    if let record { try FileBytes.makeDirectory(record, writable: true) }
    for path in [json, plot].compactMap(\.self) {
      if let folder = FileBytes.folder(of: path) { try FileBytes.makeDirectory(folder) }
      try FileBytes.checkWritable(path)
    }
  }

  private func checkNumbers() throws(CommandError) {
    try check((1...1_000).contains(rooms), "rooms", rooms, "1 to 1000 are allowed")
    try check((2...255).contains(participants), "participants", participants, "2 to 255 are allowed")
    try check((0...600).contains(churn), "churn", churn, "0 to 600 per minute are allowed")
    // Above that a key frame exceeds what a participant sends as one frame.
    try check(
      (10_000...7_500_000).contains(videoBitrate), "video-bitrate", videoBitrate, "10000 to 7500000 are allowed")
    try check(!(noAudio && noVideo), "no-audio", "--no-video", "a call sends audio, video or both")
    if let audio { try check(!noAudio, "audio", audio, "not together with --no-audio") }
    if let video { try check(!noVideo, "video", video, "not together with --no-video") }
    if let talkers {
      try check(!noAudio, "talkers", talkers, "not together with --no-audio")
      try check((1...participants).contains(talkers), "talkers", talkers, "1 to the number of participants are allowed")
    }
    if let shards { try check((1...64).contains(shards), "shards", shards, "1 to 64 are allowed") }
    if let metricsPort {
      try check((1...65_535).contains(metricsPort), "metrics-port", metricsPort, "1 to 65535 are allowed")
    }
  }

  private func checkThresholds() throws(CommandError) {
    try check((0...100).contains(maxLoss), "max-loss", maxLoss, "0 to 100 percent are allowed")
    try check((1...4.5).contains(minMos), "min-mos", minMos, "1 to 4.5 are allowed")
    for (flag, value) in [
      ("max-latency", maxLatency), ("max-rekey", maxRekey), ("max-rekey-p95", maxRekeyP95),
      ("max-removal-p95", maxRemovalP95), ("max-join", maxJoin),
    ] {
      try check((0...1e9).contains(value), flag, value, "0 to 1e9 milliseconds are allowed")
    }
  }

  private func check(_ condition: Bool, _ flag: String, _ value: Any, _ allowed: String) throws(CommandError) {
    if !condition { throw CommandError("--\(flag) \(value): \(allowed)") }
  }

  /// From `500ms`, `30s`, `2m` or `1h`; nil for anything else.
  package static func parseDuration(_ text: String) -> TimeInterval? {
    let units: [(String, Double)] = [("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9)]
    guard let unit = units.first(where: { text.hasSuffix($0.0) }) else { return nil }
    let digits = text.dropLast(unit.0.count)
    guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let value = Double(digits), value > 0,
      value * unit.1 < 1e18
    else { return nil }
    return TimeInterval(nanoseconds: UInt64(value * unit.1))
  }
}
