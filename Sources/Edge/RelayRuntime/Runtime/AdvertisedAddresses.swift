import DatagramIO
import WireBytes

/// Which addresses answers name as candidates.
enum AdvertisedAddresses {
  /// The configured ones; else the bound one; else, when all are bound, those of the machine's interfaces, or loopback
  /// on a machine without a network.
  static func choose(_ configuration: RelayConfiguration, ports: [UDPPort]) -> [Endpoint] {
    guard configuration.advertised.isEmpty else { return configuration.advertised }
    let bound = configuration.mediaAddress
    let isWildcard = (bound.high == 0 && bound.low == 0) || (bound.isIPv4 && bound.ipv4 == 0)
    guard isWildcard else { return [bound] }
    // The dual-stack wildcard became an IPv4 one where there is no IPv6.
    let isIPv4Only = ports.first?.local.isIPv4 ?? false
    let addresses = LocalAddresses.all().filter { !isIPv4Only || $0.isIPv4 }
    return addresses.isEmpty ? [Endpoint(ipv4: 0x7F00_0001, port: 0)] : addresses
  }
}
