import NIOCore
import NIOPosix
import WireBytes

extension ServerBootstrap {
  /// Binds, with an error that an operator understands.
  func listen(on address: ListenAddress, purpose: String) async throws(ControlError) -> any Channel {
    do {
      return try await bind(host: address.host, port: address.port).get()
    } catch {
      let place = "\(purpose) address \(address.host):\(address.port)"
      if let error = error as? IOError, error.errnoCode == EADDRINUSE {
        throw ControlError(.addressInUse, "\(place): the port is in use by another process")
      }
      throw ControlError(.cannotListen, "\(place): cannot listen: \(error)")
    }
  }
}

extension TimeAmount {
  init(_ interval: WireBytes.TimeInterval) { self = .nanoseconds(Int64(clamping: interval.nanoseconds)) }
}
