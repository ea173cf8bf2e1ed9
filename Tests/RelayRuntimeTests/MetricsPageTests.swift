import DatagramIO
import RelayControl
import RelayEngine
import RelayMetrics
import Signaling
import Testing
import WireBytes

import RelayRuntime

struct MetricsPageTests {
  private func snapshot(_ change: (inout EngineCounters) -> Void = { _ in }) -> ShardSnapshot {
    var counters = EngineCounters()
    change(&counters)
    var gauges = EngineGauges()
    gauges.rooms = 2
    var port = UDPPortCounters()
    port.kernelDrops = 5
    var latency = Histogram(bounds: Histogram.forwardingBounds)
    latency.observe(30e-6, times: 4)
    return ShardSnapshot(
      engine: counters, gauges: gauges,
      loop: DatagramLoopSnapshot(port: port, latency: latency, turns: 7, slabCapacity: 100, slabInUse: 1))
  }

  private func page(_ shards: [ShardSnapshot]) -> PrometheusSamples {
    PrometheusSamples(
      parsing: MetricsPage.render(shards, control: ControlCounters(), uptimeSeconds: 1.5))
  }

  @Test func `shards are added up`() {
    let samples = page([
      snapshot {
        $0.packetsForwarded = 10
        $0.drop(.srtpReplay)
        $0.dtlsHandshakesSucceeded = 1
        $0.dtlsHandshakesFailed = ["timeout": 2]
        $0.rekeyTriggers = [.join: 3]
      },
      snapshot {
        $0.packetsForwarded = 32
        $0.drop(.srtpReplay)
        $0.dtlsHandshakesFailed = ["timeout": 1]
        $0.rekeyTriggers = [.join: 1, .leave: 1]
      },
    ])
    #expect(samples.sum("sfu_shards") == 2)
    #expect(samples.sum("sfu_rooms") == 4)
    #expect(samples.sum("sfu_packets_forwarded_total") == 42)
    #expect(samples.sum("sfu_packets_dropped_total", ["reason": "srtp_replay"]) == 2)
    #expect(samples.sum("sfu_dtls_handshakes_total", ["result": "success"]) == 1)
    #expect(samples.sum("sfu_dtls_handshakes_total", ["result": "timeout"]) == 3)
    #expect(samples.sum("sfu_rekey_triggers_total", ["cause": "join"]) == 4)
    #expect(samples.sum("sfu_udp_kernel_drops_total") == 10)
    #expect(samples.sum("sfu_forward_latency_seconds_count") == 8)
    #expect(samples.sum("sfu_forward_latency_seconds_bucket", ["le": "+Inf"]) == 8)
  }

  @Test func `everything that operators need is there from the first scrape`() {
    let samples = page([snapshot()])
    let names = Set(samples.samples.map(\.name))
    for name in [
      "build_info", "rooms", "participants", "packets_received_total", "received_bytes_total",
      "packets_forwarded_total", "forwarded_bytes_total", "packets_dropped_total", "rtp_lost_packets_total",
      "rtp_jitter_seconds_count", "forward_latency_seconds_bucket", "dtls_handshakes_total",
      "dtls_handshake_duration_seconds_count", "srtp_sessions_total", "rekey_triggers_total",
      "rekey_convergence_seconds_count", "rekey_laggards_total", "pli_sent_total", "nack_sent_packets_total",
      "rtx_sent_total", "slab_slots_in_use", "udp_kernel_drops_total", "signaling_connections",
    ] { #expect(names.contains("sfu_" + name), "\(name)") }
    #expect(names.allSatisfy { $0.hasPrefix("sfu_") })
    let reasons = samples.samples.filter { $0.name == "sfu_packets_dropped_total" }
    #expect(reasons.count == DropReason.allCases.count)
  }

  @Test func `labels hold no more than the words of closed sets`() {
    for sample in page([snapshot()]).samples {
      for (name, value) in sample.labels where name != "version" && name != "swift" {
        #expect(value.utf8.count <= 32, "\(sample.name) \(name)")
        #expect(!value.contains(" "), "\(sample.name) \(name)")
      }
    }
  }
}
