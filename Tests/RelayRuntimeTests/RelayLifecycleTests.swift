import Logging
import RelayControl
import RelayMetrics
import Testing
import WireBytes

import RelayRuntime

/// Whole relays on free ports of loopback.
@Suite(.timeLimit(.minutes(1)))
struct RelayLifecycleTests {
  private var logger: Logger {
    var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    logger.logLevel = .critical
    return logger
  }

  private func configuration(
    _ overrides: [String: [String]] = [:], isDevelopment: Bool = true
  ) throws -> RelayConfiguration {
    var all = [
      "signaling.port": ["0"], "metrics.port": ["0"], "media.udpPort": ["0"], "media.shards": ["2"],
      "signaling.address": ["127.0.0.1"], "media.address": ["127.0.0.1"],
    ]
    all.merge(overrides) { $1 }
    let settings = try Settings(file: nil, environment: [:], overrides: all)
    return try RelayConfiguration(settings, isDevelopment: isDevelopment, coreCount: 2)
  }

  private func errorLine(_ configuration: RelayConfiguration) async -> String? {
    do {
      let relay = try await Relay.start(configuration, logger: logger)
      await relay.shutdown()
      return nil
    } catch {
      return error.message
    }
  }

  @Test func `a relay serves health and metrics until it is shut down`() async throws {
    let relay = try await Relay.start(configuration(), logger: logger)
    let port = try #require(relay.control.boundMetricsPort)
    #expect(await PlainClient.get("/healthz", port: port)?.status == 200)
    let page = try #require(await PlainClient.get("/metrics", port: port))
    let samples = PrometheusSamples(parsing: page.body)
    #expect(samples.sum("sfu_build_info", ["version": BuildInfo.version]) == 1)
    #expect(samples.sum("sfu_shards") == 2)
    #expect(samples.sum("sfu_rooms") == 0)
    #expect(Set(relay.shards.ports).count == 2)
    relay.shards.drain()
    #expect(await PlainClient.get("/healthz", port: port)?.status == 503)
    await relay.shutdown()
    #expect(await PlainClient.get("/healthz", port: port) == nil)
  }

  @Test func `garbage on the media port is counted and harms nothing`() async throws {
    let relay = try await Relay.start(configuration(), logger: logger)
    let port = try #require(relay.control.boundMetricsPort)
    let target = relay.shards.ports[0]
    await GarbageSender.send(count: 50, to: target)
    // Loopback has delivered before `sendto` returned; the shard still has to read.
    var dropped = 0.0
    while dropped < 50 {
      let page = try #require(await PlainClient.get("/metrics", port: port))
      dropped = PrometheusSamples(parsing: page.body).sum("sfu_packets_dropped_total") ?? 0
    }
    #expect(dropped == 50)
    #expect(await PlainClient.get("/healthz", port: port)?.status == 200)
    await relay.shutdown()
  }

  @Test func `busy ports are one line that names the key, and nothing stays open`() async throws {
    let relay = try await Relay.start(configuration(), logger: logger)
    let (signaling, media) = (relay.control.boundPort, Int(relay.shards.ports[0]))
    let metrics = try #require(relay.control.boundMetricsPort)
    let busySignaling = await errorLine(try configuration(["signaling.port": ["\(signaling)"]]))
    #expect(
      busySignaling?.contains("key `signaling.port`: value `\(signaling)`: allowed is a port that is free") == true)
    let busyMetrics = await errorLine(try configuration(["metrics.port": ["\(metrics)"]]))
    #expect(busyMetrics?.contains("key `metrics.port`: value `\(metrics)`") == true)
    let busyMedia = await errorLine(try configuration(["media.udpPort": ["\(media)"], "media.shards": ["1"]]))
    #expect(busyMedia?.contains("key `media.udpPort`: value `\(media)`") == true)
    for line in [busySignaling, busyMetrics, busyMedia] { #expect(line?.contains("\n") == false) }
    await relay.shutdown()
    // The same ports are free again: a stopped relay holds nothing.
    let again = try configuration(["signaling.port": ["\(signaling)"], "metrics.port": ["\(metrics)"]])
    var line = await errorLine(again)
    // Cancelled sockets close a moment after the last reference to them goes.
    while line?.contains("is free") == true { line = await errorLine(again) }
    #expect(line == nil)
  }

  @Test func `without development mode it makes its own certificate and serves TLS only`() async throws {
    let relay = try await Relay.start(configuration(isDevelopment: false), logger: logger)
    #expect(await PlainClient.get("/v1/call", port: relay.control.boundPort) == nil, "plain HTTP gets no answer")
    await relay.shutdown()
  }

  @Test func `unreadable certificates and token secrets stop the start with one line`() async throws {
    let missing = await errorLine(
      try configuration(["tls.certificate": ["/no/c.pem"], "tls.key": ["/no/k.pem"]], isDevelopment: false))
    #expect(
      missing == "command line (--tls-certificate or --set): key `tls.certificate`: value `/no/c.pem`: allowed is a "
        + "readable PEM file (No such file or directory)")
    let garbage = await errorLine(
      try configuration(["tls.certificate": ["/etc/passwd"], "tls.key": ["/etc/passwd"]], isDevelopment: false))
    #expect(garbage?.contains("allowed is a PEM certificate chain") == true)
    let token = await errorLine(try configuration(["tokens.keys": ["a=/no/secret"]]))
    #expect(token?.contains("key `tokens.keys`") == true)
    #expect(token?.contains("/no/secret: No such file or directory") == true)
  }
}
