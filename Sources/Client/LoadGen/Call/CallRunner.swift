import DatagramIO
import Dispatch
import E2EKeys
import Glibc
import HopCrypto
import NIOCore
import NIOPosix
import WireBytes

/// Runs a scenario from the first join to the report.
package struct CallRunner: Sendable {
  private let scenario: CallScenario
  private let relayAddress: RelayAddress?
  private let metricsPort: Int?
  private let shards: Int?
  private let progress: @Sendable (String) -> Void

  /// Without `relay` the run starts one of its own. `metricsPort` is that of a given relay on loopback, if it is known.
  package init(
    _ scenario: CallScenario, relay: RelayAddress?, metricsPort: Int?, shards: Int?,
    progress: @escaping @Sendable (String) -> Void
  ) {
    self.scenario = scenario
    relayAddress = relay
    self.metricsPort = metricsPort
    self.shards = shards
    self.progress = progress
  }

  /// Throws when the run cannot take place; what goes wrong within it is in the report.
  package func run() async throws -> CallReport {
    let media = try ScenarioMedia(scenario)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    var own: OwnRelay?
    if relayAddress == nil {
      progress("starting a relay")
      own = try await OwnRelay.start(shards: shards, on: group)
    }
    defer { group.shutdownGracefully { _ in } }
    guard let address = relayAddress ?? own?.address else { preconditionFailure("a run has a relay") }
    let probe = RelayProbe(process: own?.process, metricsPort: own?.metricsPort ?? metricsPort, group: group)
    let environment = CallEnvironment(
      scenario: scenario, media: media, relay: address, group: group, localAddress: Self.localAddress(for: address),
      recorder: scenario.recordFolder == nil
        ? nil
        : CallRecorder(
          frameRate: media.video?.frameRate ?? 30, size: media.video?.size ?? (0, 0),
          preSkip: media.audio?.preSkip ?? 312), failures: FailureList(),
      queues: (0..<max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))).map {
        DispatchQueue(label: "participants.\($0)", qos: .userInteractive)
      })
    do {
      var report = try await RunningCall(environment, probe: probe, progress: progress).run()
      if let complaint = await own?.stop() { report.fail(complaint) }
      return report
    } catch {
      _ = await own?.stop()
      throw error
    }
  }

  private static func localAddress(for relay: RelayAddress) -> Endpoint {
    guard let target = Endpoint(address: relay.host, port: 0) else { return Endpoint(high: 0, low: 0, port: 0) }
    // On loopback the socket is bound to it, so that nothing of a test leaves the machine.
    if target.isLoopback { return target }
    return target.isIPv4 ? Endpoint(ipv4: 0, port: 0) : Endpoint(high: 0, low: 0, port: 0)
  }
}
