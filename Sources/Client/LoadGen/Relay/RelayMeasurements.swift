/// The relay's counters at one moment, read from its metrics.
package struct RelayMeasurements: Sendable {
  package var packetsForwarded: UInt64 = 0
  package var drops: [String: UInt64] = [:]
  /// Datagrams of any kind, and what it took to send them.
  var sending = SendCounters()
  /// Only of a relay that is this run's child.
  package var cpuSeconds: Double?
  package var residentBytes: UInt64?

  /// Lines that are not samples of interest are passed over: a given relay may be of another version.
  package init(prometheusText text: String) {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = UInt64(counter: line[line.index(after: space)...]) else {
        continue
      }
      let series = line[..<space]
      switch series.prefix(while: { $0 != "{" }) {
      case "sfu_packets_forwarded_total": packetsForwarded &+= value
      case "sfu_packets_dropped_total": drops[Self.label("reason", in: series), default: 0] &+= value
      case "sfu_udp_sent_total": sending.datagrams &+= value
      case "sfu_udp_send_calls_total": sending.calls &+= value
      case "sfu_udp_segmented_datagrams_total": sending.segmented &+= value
      case "sfu_udp_kernel_drops_total": drops["kernel_receive_buffer", default: 0] &+= value
      case "sfu_udp_send_would_block_total": drops["send_would_block", default: 0] &+= value
      case "sfu_udp_send_errors_total": drops["send_error", default: 0] &+= value
      default: break
      }
    }
  }

  private static func label(_ name: String, in series: some StringProtocol) -> String {
    for part in series.split(whereSeparator: { "{},".contains($0) }) where part.hasPrefix("\(name)=") {
      return String(part.dropFirst(name.count + 1)).filter { $0 != "\"" }
    }
    return "unknown"
  }
}

/// What the relay did between two moments of a run, and what that cost it; nil is unknown.
package struct RelayUsage: Sendable {
  package let packetsForwarded: UInt64?
  /// By reason.
  package let drops: [String: UInt64]
  package let cpuMicrosecondsPerPacket: Double?
  package let residentBytes: UInt64?

  /// Drops that harm a call: the relay had an authentic packet and could not pass it on.
  private static let harmful: Set<String> = [
    "slab_exhausted", "batch_full", "protect_failed", "rtp_too_long", "kernel_receive_buffer", "send_would_block",
    "send_error",
  ]

  package init(before: RelayMeasurements?, after: RelayMeasurements?) {
    residentBytes = after?.residentBytes
    // A counter that went down is that of another process: the relay restarted, and the difference says nothing.
    guard let before, let after, after.packetsForwarded >= before.packetsForwarded else {
      (packetsForwarded, drops, cpuMicrosecondsPerPacket) = (nil, [:], nil)
      return
    }
    let forwarded = after.packetsForwarded - before.packetsForwarded
    packetsForwarded = forwarded
    drops = after.drops.reduce(into: [:]) { drops, entry in
      let earlier = before.drops[entry.key] ?? 0
      drops[entry.key] = entry.value > earlier ? entry.value - earlier : 0
    }
    if let start = before.cpuSeconds, let end = after.cpuSeconds, forwarded > 0 {
      cpuMicrosecondsPerPacket = (end - start) * 1e6 / Double(forwarded)
    } else {
      cpuMicrosecondsPerPacket = nil
    }
  }

  package var harmfulDrops: UInt64 { drops.filter { Self.harmful.contains($0.key) }.values.reduce(0, &+) }

  /// Packets that the relay should have forwarded and did not, in percent of all that it should have.
  package var lossPercent: Double? {
    packetsForwarded.map { forwarded in
      let due = Double(forwarded) + Double(harmfulDrops)
      return due > 0 ? 100 * Double(harmfulDrops) / due : 0
    }
  }
}

extension UInt64 {
  /// A counter's value in Prometheus text, which is a floating-point number; nil if it cannot be a count.
  fileprivate init?(counter text: some StringProtocol) {
    guard let value = Double(text), value >= 0, value < 9e18 else { return nil }
    self = UInt64(value)
  }
}
