import Glibc

/// Ports of 127.0.0.1 that are free now, for servers that a run starts.
enum FreePorts {
  static func tcp() throws -> Int { try bound(SOCK_STREAM, port: 0) { Int($0) } }

  /// The first of `count` UDP ports in a row.
  static func udp(count: Int) throws -> Int {
    for _ in 0..<50 {
      let first = try bound(SOCK_DGRAM, port: 0) { $0 }
      // The system takes ports from the upper half of the range; a long row has its place below it.
      let start = count > 100 ? 10_000 + Int(first) % 10_000 : Int(first)
      guard start < 65_000 - count else { continue }
      let isFree = (0..<count).allSatisfy { offset in
        (try? bound(SOCK_DGRAM, port: UInt16(start + offset)) { _ in true }) ?? false
      }
      if isFree { return start }
    }
    throw ChildProcessError(message: "no \(count) UDP ports in a row are free on 127.0.0.1")
  }

  private static func bound<Result>(
    _ type: __socket_type, port: UInt16, _ body: (UInt16) -> Result
  ) throws -> Result {
    let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
    defer { Glibc.close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        let bindStatus = unsafe bind(descriptor, generic, size)
        return bindStatus == 0 ? unsafe getsockname(descriptor, generic, &size) : bindStatus
      }
    }
    guard descriptor >= 0, status == 0 else { throw ChildProcessError(message: "a local port cannot be reserved") }
    return body(UInt16(bigEndian: address.sin_port))
  }
}
