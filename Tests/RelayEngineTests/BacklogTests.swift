import CallKit
import ClientEngine
import RelayEngine
import Signaling
import Testing
import WireBytes

/// What the relay keeps for a member whose signalling is away.
@Suite struct BacklogTests {
  @Test func `a member that is away cannot make the relay hold more than a few megabytes`() throws {
    let call = try VirtualCall(seed: 40)
    let members = try call.join(3)
    try call.cutSignaling(of: members[1])
    let body = Blob([UInt8](repeating: 7, count: 40_000))
    for _ in 0..<50 {
      try call.send(.sealed(SealedToMember(to: members[1].participant.member, body: body)), from: members[0])
    }
    try call.run(for: .seconds(1))
    #expect(call.relay.counters.leaves.isEmpty, "two megabytes are kept")
    for _ in 0..<100 {
      try call.send(.sealed(SealedToMember(to: members[1].participant.member, body: body)), from: members[0])
    }
    try call.run(for: .seconds(1))
    #expect(call.relay.counters.leaves == [.disconnected: 1])
    #expect(call.relay.gauges.participants == 2)
  }
}
