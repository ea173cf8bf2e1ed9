/// The relay's counters at one moment, read from its metrics.
struct RelayMeasurements: Sendable {
  var packetsForwarded: UInt64 = 0
  var drops: [String: UInt64] = [:]
  var cpuSeconds: Double?
  var residentBytes: UInt64?

  /// Drops that harm a call: the relay had an authentic packet and could not pass it on.
  static let harmful: Set<String> = [
    "slab_exhausted", "batch_full", "protect_failed", "rtp_too_long", "kernel_receive_buffer", "send_would_block",
    "send_error",
  ]

  init(prometheusText text: String) {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else { continue }
      let series = line[..<space]
      let name = series.prefix { $0 != "{" }
      switch name {
      case "sfu_packets_forwarded_total": packetsForwarded += UInt64(value)
      case "sfu_packets_dropped_total": drops[Self.label("reason", in: series), default: 0] += UInt64(value)
      case "sfu_udp_kernel_drops_total": drops["kernel_receive_buffer", default: 0] += UInt64(value)
      case "sfu_udp_send_would_block_total": drops["send_would_block", default: 0] += UInt64(value)
      case "sfu_udp_send_errors_total": drops["send_error", default: 0] += UInt64(value)
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

  func dropsSince(_ earlier: RelayMeasurements) -> [String: UInt64] {
    var difference = drops
    for (reason, before) in earlier.drops { difference[reason] = (drops[reason] ?? before) - before }
    return difference
  }
}
