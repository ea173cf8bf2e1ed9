import DatagramIO
import WireBytes

/// One load on one server for a while.
struct Measurement: Sendable {
  private static let warmUp = Duration.milliseconds(500)
  /// Packets that are on their way arrive, and the server falls quiet.
  private static let drain = Duration.milliseconds(120)

  let window: TimeInterval

  /// Media flows for a moment, pauses, and then flows for the measured time: at both ends nothing is on its way, so that
  /// what was sent and what came can be compared packet by packet.
  func take(_ load: Load, on stage: Stage, pair: Int) async throws -> BenchReport.Window {
    stage.setActive(true)
    defer { stage.setActive(false) }
    stage.start(load)
    try await Task.sleep(for: Self.warmUp)
    stage.pause()
    try await Task.sleep(for: Self.drain)
    let sendingBefore = await stage.server.sendCounters()
    let before = try await stage.tallies()
    guard let costBefore = ProcessSample(stage.server.process) else {
      throw CommandError("\(stage.name) ended in the middle of the run")
    }
    let ownBefore = ProcessSample.ownCPUSeconds
    stage.startMeasuring()
    let start = MonotonicClock.now()
    stage.start(load)
    try await Task.sleep(for: .nanoseconds(Int64(window.nanoseconds)))
    stage.pause()
    let seconds = Double(MonotonicClock.now().nanoseconds(since: start)) / 1e9
    let own = ProcessSample.ownCPUSeconds - ownBefore
    try await Task.sleep(for: Self.drain)
    guard let costAfter = ProcessSample(stage.server.process) else {
      throw CommandError("\(stage.name) ended in the middle of the run")
    }
    let tallies = try await stage.tallies() - before
    let sendingAfter = await stage.server.sendCounters()
    let (latency, lateness) = try await stage.latencies()
    var result = BenchReport.Window(
      scenario: load.name(on: stage.topology), arm: stage.name, pair: pair, seconds: seconds, tallies: tallies)
    result.add(costBefore, costAfter)
    result.add(latency: latency, lateness: lateness, loadgenCPU: own / seconds)
    if let sendingBefore, let sendingAfter { result.add(sendingBefore, sendingAfter) }
    return result
  }
}
