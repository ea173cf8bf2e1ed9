import CNetLinux
import Glibc
package import WireBytes

/// The addresses under which this machine can be reached.
package enum LocalAddresses {
  /// A host with containers has an address on each bridge; answers should not carry dozens of candidates.
  private static let limit = 16

  /// Whether the kernel has IPv6 at all; without it, the address `::` cannot be bound.
  package static var hasIPv6: Bool {
    let descriptor = cnet_udp_socket(AF_INET6, 0, 0)
    guard descriptor >= 0 else { return descriptor != -EAFNOSUPPORT }
    _ = cnet_close(descriptor)
    return true
  }

  /// Addresses of interfaces that are up, without loopback and link-local ones; port 0. Empty without a network.
  package static func all() -> [Endpoint] {
    var halves = [UInt64](repeating: 0, count: 2 * limit)
    let count = unsafe Int(cnet_interface_addresses(&halves, CInt(limit)))
    return (0..<max(0, count)).map { Endpoint(high: halves[2 * $0], low: halves[2 * $0 + 1], port: 0) }
  }
}
