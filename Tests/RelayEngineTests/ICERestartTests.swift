import CallKit
import ClientEngine
import E2EKeys
import RelayEngine
import Signaling
import TestKit
import Testing
import WireBytes

/// A new offer with new ICE credentials, in the middle of a call.
@Suite struct ICERestartTests {
  /// A call of two whose first member restarts ICE by coming back on a new connection. The answer is under way for as
  /// long as given, and so is what stands before the first check of the new session.
  private func restart(answerTakes delay: TimeInterval) throws -> (call: VirtualCall, lost: [MemberID]) {
    let call = try VirtualCall(seed: 31) { $0.consentTimeout = .seconds(7) }
    let members = try call.join(2)
    call.startMedia(members)
    try call.run(for: .seconds(2))
    var lost: [MemberID] = []
    call.onRelayMessage = { _, message in
      if case .quality(let quality) = message, quality.level == .lost { lost.append(quality.member) }
    }
    call.signalingDelay = delay
    try call.cutSignaling(of: members[0])
    try call.resume(members[0])
    // Join, joined, offer, answer, and one way more for what the relay tells the others.
    try call.run(for: TimeInterval(nanoseconds: 5 * delay.nanoseconds + 2_000_000_000))
    return (call, lost)
  }

  @Test func `media goes on at the old address until the new session has one`() throws {
    let (call, lost) = try restart(answerTakes: .seconds(2))
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
    let (call, lost) = try restart(answerTakes: .seconds(9))
    #expect(Set(lost) == [call.members[0].id])
  }
}
