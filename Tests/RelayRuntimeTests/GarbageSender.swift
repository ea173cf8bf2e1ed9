import Glibc

/// Sends datagrams that are no protocol of the relay's.
enum GarbageSender {
  static func send(count: Int, to port: UInt16) async {
    let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    for index in 0..<count {
      // First bytes from each range of RFC 7983, all of them malformed.
      let bytes: [UInt8] = [[0, 22, 128, 255][index % 4], UInt8(index), 3, 4, 5]
      _ = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
  }
}
