import NIOCore

/// Reads what the relay counts, and what it costs.
struct RelayProbe: Sendable {
  /// The relay, if it is this run's own.
  let process: ChildProcess?
  let metricsPort: Int?
  let group: any EventLoopGroup

  /// Nil when there is nothing to read or it cannot be read.
  func measure() async -> RelayMeasurements? {
    guard let metricsPort,
      let text = try? await PlainHTTP.get(host: "127.0.0.1", port: metricsPort, path: "/metrics", on: group)
    else { return nil }
    var measurements = RelayMeasurements(prometheusText: text)
    measurements.cpuSeconds = process?.cpuSeconds
    measurements.residentBytes = process?.residentBytes
    return measurements
  }
}
