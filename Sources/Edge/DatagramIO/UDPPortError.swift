import Glibc
package import WireBytes

/// A UDP port that could not be opened. The description is one line for the operator who named the address.
package struct UDPPortError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The address that was asked for.
  package let endpoint: Endpoint
  /// The system's error number.
  package let code: CInt

  package init(endpoint: Endpoint, code: CInt) {
    self.endpoint = endpoint
    self.code = code
  }

  package var isAddressInUse: Bool { code == EADDRINUSE }

  /// What the system says about the error, such as "Address already in use".
  package var reason: String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }

  package var message: String { "cannot open UDP port \(endpoint.literal): \(reason)" }
  package var description: String { message }
}
