import ClientEngine
import RelayEngine
import Signaling
import TestKit
import Testing
import WireBytes

/// A new offer with new ICE credentials, in the middle of a call.
@Suite struct ICERestartTests {
  /// A call of two whose first member restarts ICE by coming back on a new connection; the relay's answer is under way
  /// for so long that reports and other timers of that member come due before its first new check.
  private func restart(within consentTimeout: TimeInterval) throws -> (call: VirtualCall, lost: [MemberID]) {
    let call = try VirtualCall(seed: 31) { $0.consentTimeout = consentTimeout }
    let members = try call.join(2)
    call.startMedia(members)
    try call.run(for: .seconds(2))
    var lost: [MemberID] = []
    call.onRelayMessage = { _, message in
      if case .quality(let quality) = message, quality.level == .lost { lost.append(quality.member) }
    }
    call.signalingDelay = .seconds(3)
    try call.cutSignaling(of: members[0])
    try call.resume(members[0])
    try call.run(for: .seconds(15))
    return (call, lost)
  }

  @Test func `media goes on at the old address until the new session has one`() throws {
    let (call, lost) = try restart(within: .seconds(15))
    #expect(lost == [])
    #expect(call.relay.counters.resumes == 1)
    #expect(call.relay.counters.dtlsHandshakesSucceeded == 2)
    let (first, second) = (call.members[0], call.members[1])
    for (receiver, sender) in [(first, second), (second, first)] {
      let arrivals = receiver.arrivals(from: sender, .microphone)
      let longestGap = zip(arrivals, arrivals.dropFirst()).map { $1.at.nanoseconds(since: $0.at) }.max()
      #expect(try #require(longestGap) < 200_000_000)
    }
  }

  @Test func `it does not outlast the old session's consent`() throws {
    let (_, lost) = try restart(within: .seconds(1))
    #expect(lost.isEmpty == false)
  }
}
