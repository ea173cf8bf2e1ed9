import Dispatch
import E2EKeys
import NIOCore
import WireBytes

/// What all participants of a run share.
struct CallEnvironment: Sendable {
  let scenario: CallScenario
  let media: ScenarioMedia
  let relay: RelayAddress
  let group: any EventLoopGroup
  /// The address that participants' sockets are bound to, with port 0.
  let localAddress: Endpoint
  let recorder: CallRecorder?
  let failures: FailureList
  /// Participants share these serial queues, one for each core.
  let queues: [DispatchQueue]
}
