import LoadGen
import TestKit
import Testing

@Suite struct RelayMeasurementsTests {
  private static let page = """
    # HELP sfu_packets_forwarded_total Packets.
    # TYPE sfu_packets_forwarded_total counter
    sfu_packets_forwarded_total{kind="audio"} 1000
    sfu_packets_forwarded_total{kind="video"} 2.5e3
    sfu_packets_dropped_total{reason="late_for_slot"} 4
    sfu_packets_dropped_total{shard="1",reason="batch_full"} 6
    sfu_udp_kernel_drops_total 3
    sfu_udp_send_would_block_total 2
    sfu_udp_send_errors_total 1
    sfu_rooms 12
    """

  private func usage(_ before: String, _ after: String) -> RelayUsage {
    RelayUsage(
      before: RelayMeasurements(prometheusText: before), after: RelayMeasurements(prometheusText: after))
  }

  @Test("counters are summed over their labels, drops kept by reason")
  func parsing() {
    let measurements = RelayMeasurements(prometheusText: Self.page)
    #expect(measurements.packetsForwarded == 3_500)
    #expect(
      measurements.drops == [
        "late_for_slot": 4, "batch_full": 6, "kernel_receive_buffer": 3, "send_would_block": 2, "send_error": 1,
      ])
  }

  @Test("values that cannot be counts, and any damage to the page, are passed over")
  func hostile() {
    for value in ["NaN", "-1", "+Inf", "1e300", "", "x"] {
      #expect(RelayMeasurements(prometheusText: "sfu_packets_forwarded_total \(value)").packetsForwarded == 0)
    }
    for bytes in MalformedSweep.mutations(of: Array(Self.page.utf8), count: 2_000, seed: 2)
      + MalformedSweep.truncations(of: Array(Self.page.utf8))
    {
      #expect(RelayMeasurements(prometheusText: String(decoding: bytes, as: UTF8.self)).drops.count <= 8)
    }
  }

  @Test("usage is the difference of two moments; only drops of good packets are loss")
  func difference() {
    let later = Self.page + "\nsfu_packets_forwarded_total 484\nsfu_packets_dropped_total{reason=\"batch_full\"} 16"
    let usage = usage(Self.page, later + "\nsfu_packets_dropped_total{reason=\"unknown_ssrc\"} 9")
    #expect(usage.packetsForwarded == 484)
    #expect(usage.drops.filter { $0.value > 0 } == ["batch_full": 16, "unknown_ssrc": 9])
    #expect(usage.harmfulDrops == 16 && usage.lossPercent == 3.2)
    #expect(usage.cpuMicrosecondsPerPacket == nil && usage.residentBytes == nil)
  }

  @Test("CPU time is shared out among the packets of the time between")
  func cpu() {
    var (before, after) = (RelayMeasurements(prometheusText: ""), RelayMeasurements(prometheusText: Self.page))
    before.cpuSeconds = 1
    after.cpuSeconds = 1.007
    after.residentBytes = 1 << 20
    let usage = RelayUsage(before: before, after: after)
    #expect(abs((usage.cpuMicrosecondsPerPacket ?? 0) - 2) < 1e-6)
    #expect(usage.residentBytes == 1 << 20)
  }

  @Test("without both measurements, or after a restart, usage is unknown")
  func unknown() {
    let page = RelayMeasurements(prometheusText: Self.page)
    for usage in [
      RelayUsage(before: nil, after: page), RelayUsage(before: page, after: nil), RelayUsage(before: nil, after: nil),
      RelayUsage(before: page, after: RelayMeasurements(prometheusText: "sfu_packets_forwarded_total 5")),
    ] {
      #expect(usage.packetsForwarded == nil && usage.lossPercent == nil && usage.cpuMicrosecondsPerPacket == nil)
      #expect(usage.drops.isEmpty && usage.harmfulDrops == 0)
    }
  }
}
