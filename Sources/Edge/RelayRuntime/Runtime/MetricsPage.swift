import DatagramIO
package import RelayControl
import RelayEngine
import RelayMetrics
import SRTP
import Signaling
import WireBytes

/// Renders `/metrics`: the sum over all shards, for a room's shard is nobody's business; only load is told for each.
package enum MetricsPage {
  package static let prefix = "sfu"

  package static func render(
    _ shards: [ShardSnapshot], control: ControlCounters, uptimeSeconds: Double
  ) -> String {
    var page = PrometheusText(prefix: prefix)
    page.family("build_info", .gauge, help: "Always 1; the labels say what runs.") {
      $0.sample(
        1, MetricLabel("version", BuildInfo.version), MetricLabel("swift", BuildInfo.swiftVersion),
        MetricLabel("configuration", BuildInfo.configuration))
    }
    page.gauge("uptime_seconds", help: "Time since the relay started.", uptimeSeconds)
    page.gauge("shards", help: "Shards: serial queues with a UDP port each.", shards.count)
    let sums = ShardSums(shards)
    gauges(sums, &page)
    load(shards, &page)
    packets(sums, &page)
    quality(sums, &page)
    security(sums, &page)
    membership(sums, &page)
    sockets(sums, &page)
    control.write(to: &page)
    return page.text
  }

  private static func gauges(_ sums: ShardSums, _ page: inout PrometheusText) {
    page.gauge("rooms", help: "Rooms open now.", sums.total(\.gauges.rooms))
    page.gauge("participants", help: "Members of rooms now.", sums.total(\.gauges.participants))
    page.gauge("publications", help: "Published tracks now.", sums.total(\.gauges.publications))
    page.gauge(
      "subscriptions", help: "Forwarding legs from a track to a receiver now.",
      sums.total(\.gauges.subscriptions))
  }

  /// Whether the shards share the work.
  private static func load(_ shards: [ShardSnapshot], _ page: inout PrometheusText) {
    page.family("shard_participants", .gauge, help: "Members of rooms now, by the shard they are on.") { family in
      for (index, shard) in shards.enumerated() {
        family.count(UInt64(shard.gauges.participants), MetricLabel("shard", String(index)))
      }
    }
    page.family("shard_packets_forwarded_total", .counter, help: "RTP packets sent to receivers, by shard.") { family in
      for (index, shard) in shards.enumerated() {
        family.count(shard.engine.packetsForwarded, MetricLabel("shard", String(index)))
      }
    }
  }

  private static func packets(_ sums: ShardSums, _ page: inout PrometheusText) {
    page.counter("packets_received_total", help: "Datagrams received.", sums.total(\.engine.packetsReceived))
    page.counter("received_bytes_total", help: "Bytes of datagrams received.", sums.total(\.engine.bytesReceived))
    page.counter(
      "packets_forwarded_total",
      help: "RTP packets sent to receivers, one for each copy; retransmissions not included.",
      sums.total(\.engine.packetsForwarded))
    page.counter("forwarded_bytes_total", help: "Bytes of these packets.", sums.total(\.engine.bytesForwarded))
    page.counter(
      "packets_sent_total", help: "Datagrams of all kinds that the engines put out.", sums.total(\.engine.packetsSent))
    page.counter(
      "packets_linked_total", help: "RTP packets handed from shard to shard, one for each shard.",
      sums.total(\.engine.packetsLinked))
    page.family("packets_dropped_total", .counter, help: "Packets that the relay dropped, by reason.") { family in
      for reason in DropReason.allCases {
        family.count(sums.sum { $0.engine.drops(reason) }, MetricLabel("reason", reason.label))
      }
    }
    page.histogram(
      "forward_latency_seconds",
      help: "From reading a datagram to the end of the system call that sent its consequences.",
      sums.histogram(\.loop.latency))
  }

  private static func quality(_ sums: ShardSums, _ page: inout PrometheusText) {
    page.counter(
      "rtp_expected_packets_total", help: "RTP packets that publishers sent, by their sequence numbers.",
      sums.total(\.engine.rtpExpected))
    page.counter(
      "rtp_lost_packets_total", help: "Of these, packets that never arrived (RFC 3550 A.3).",
      sums.total(\.engine.rtpLost))
    page.histogram(
      "rtp_jitter_seconds", help: "Interarrival jitter of publishers' streams (RFC 3550 A.8), once per report.",
      sums.histogram(\.engine.rtpJitter))
    page.counter(
      "pli_received_total", help: "Key frame requests from receivers.", sums.total(\.engine.pliReceived))
    page.counter("pli_sent_total", help: "Key frame requests to publishers.", sums.total(\.engine.pliSent))
    page.counter(
      "nack_received_packets_total", help: "Packets that receivers asked for again.",
      sums.total(\.engine.nackReceived))
    page.counter(
      "nack_sent_packets_total", help: "Packets that the relay asked publishers for again.",
      sums.total(\.engine.nackSent))
    page.counter("rtx_sent_total", help: "Retransmissions to receivers.", sums.total(\.engine.rtxSent))
    page.counter(
      "rtx_missed_total", help: "Packets asked for that the cache no longer held.", sums.total(\.engine.rtxMissed))
    page.counter("rtx_received_total", help: "Retransmissions from publishers.", sums.total(\.engine.rtxReceived))
  }

  private static func security(_ sums: ShardSums, _ page: inout PrometheusText) {
    page.family("dtls_handshakes_total", .counter, help: "DTLS handshakes that ended, by result.") { family in
      family.count(sums.total(\.engine.dtlsHandshakesSucceeded), MetricLabel("result", "success"))
      for (label, count) in sums.dictionary(\.engine.dtlsHandshakesFailed).sorted(by: { $0.key < $1.key }) {
        family.count(count, MetricLabel("result", label))
      }
    }
    page.histogram(
      "dtls_handshake_duration_seconds", help: "Length of successful DTLS handshakes.",
      sums.histogram(\.engine.dtlsDuration))
    let profiles = sums.dictionary(\.engine.srtpProfiles)
    page.family("srtp_sessions_total", .counter, help: "SRTP sessions set up, by protection profile.") { family in
      for profile in SRTPProfile.allCases {
        family.count(profiles[profile, default: 0], MetricLabel("profile", profile.name))
      }
    }
  }

  private static func membership(_ sums: ShardSums, _ page: inout PrometheusText) {
    page.counter("joins_total", help: "Members that joined.", sums.total(\.engine.joins))
    page.counter(
      "resumes_total", help: "Members that came back within the resume window.",
      sums.total(\.engine.resumes))
    let leaves = sums.dictionary(\.engine.leaves)
    page.family("leaves_total", .counter, help: "Members that left, by cause.") { family in
      for cause in MembershipCause.allCases where cause != .joined {
        family.count(leaves[cause, default: 0], MetricLabel("cause", cause.rawValue))
      }
    }
    let triggers = sums.dictionary(\.engine.rekeyTriggers)
    page.family("rekey_triggers_total", .counter, help: "Key changes that the relay advised, by cause.") { family in
      for cause in RekeyCause.allCases {
        family.count(triggers[cause, default: 0], MetricLabel("cause", cause.rawValue))
      }
    }
    page.histogram(
      "rekey_convergence_seconds", help: "From `prepare` to the last member's `ready`, or to the deadline.",
      sums.histogram(\.engine.rekeyConvergence))
    page.counter(
      "rekey_laggards_total", help: "Members that were not ready when an epoch was executed.",
      sums.total(\.engine.rekeyLaggards))
    page.counter(
      "sealed_messages_total", help: "End-to-end sealed messages passed on.", sums.total(\.engine.sealedMessages))
    page.counter("sealed_bytes_total", help: "Bytes of these messages.", sums.total(\.engine.sealedBytes))
  }

  private static func sockets(_ sums: ShardSums, _ page: inout PrometheusText) {
    page.counter(
      "udp_kernel_drops_total", help: "Datagrams that the kernel dropped because a receive buffer was full.",
      sums.total(\.loop.port.kernelDrops))
    page.counter(
      "udp_slab_drops_total", help: "Datagrams read and dropped because no packet slot was free.",
      sums.total(\.loop.port.slabDrops))
    page.counter(
      "udp_oversized_total", help: "Datagrams longer than a packet slot.", sums.total(\.loop.port.oversized))
    page.counter(
      "udp_send_would_block_total", help: "Datagrams dropped because a send buffer was full.",
      sums.total(\.loop.port.wouldBlockDrops))
    page.counter(
      "udp_send_errors_total", help: "Datagrams that the kernel refused to send.", sums.total(\.loop.port.sendErrors))
    page.counter("udp_sent_total", help: "Datagrams handed to the kernel.", sums.total(\.loop.port.sent))
    page.counter("udp_sent_bytes_total", help: "Bytes of these datagrams.", sums.total(\.loop.port.sentBytes))
    page.counter("udp_receive_calls_total", help: "recvmmsg calls.", sums.total(\.loop.port.receiveCalls))
    page.counter("udp_send_calls_total", help: "sendmmsg calls.", sums.total(\.loop.port.sendCalls))
    page.counter(
      "udp_segmented_datagrams_total", help: "Datagrams sent in UDP_SEGMENT runs.",
      sums.total(\.loop.port.gsoDatagrams))
    page.counter(
      "udp_segmentation_refusals_total",
      help: "UDP_SEGMENT runs that the kernel refused, so that their datagrams went one by one.",
      sums.total(\.loop.port.segmentationRefusals))
    page.gauge(
      "udp_receive_buffer_bytes", help: "Socket receive buffers that the kernel gave, summed over the shards.",
      sums.total(\.loop.receiveBufferBytes))
    page.gauge(
      "udp_send_buffer_bytes", help: "Socket send buffers that the kernel gave, summed over the shards.",
      sums.total(\.loop.sendBufferBytes))
    page.counter(
      "shard_turns_total", help: "Wake-ups of the shards by packets, timers and commands.", sums.total(\.loop.turns))
    page.gauge("slab_slots", help: "Packet slots.", sums.total(\.loop.slabCapacity))
    page.gauge("slab_slots_in_use", help: "Packet slots in use now.", sums.total(\.loop.slabInUse))
  }
}
