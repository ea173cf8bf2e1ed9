import Dispatch
import NIOCore
import WireBytes

/// What all bots of a run share.
struct JoinEnvironment: Sendable {
  let plan: JoinPlan
  let board: CallBoard
  let floor: TalkFloor
  let silence: SilenceClip?
  let group: any EventLoopGroup
  /// Bots share these serial queues, one for each core.
  let queues: [DispatchQueue]
}

extension RelayAddress {
  /// The address that sockets for this relay are bound to, with port 0. On loopback that is loopback, so that nothing of
  /// a test leaves the machine.
  var localAddress: Endpoint {
    guard let target = Endpoint(address: host, port: 0) else { return Endpoint(high: 0, low: 0, port: 0) }
    if target.isLoopback { return target }
    return target.isIPv4 ? Endpoint(ipv4: 0, port: 0) : Endpoint(high: 0, low: 0, port: 0)
  }
}
