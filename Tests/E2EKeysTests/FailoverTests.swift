import E2EKeys
import Signaling
import Testing
import WireBytes

@Suite struct FailoverTests {
  private func callOf(_ count: Int) throws -> Call {
    let call = Call(seed: UInt64(count) + 70)
    for _ in 0..<count { try call.join() }
    call.run(for: .milliseconds(300))
    return call
  }

  @Test func `the committer dies before it commits and the next one acts`() throws {
    let call = try callOf(4)
    call.clients[0].isFrozen = true
    call.leave(call.clients[3])
    call.run(for: .milliseconds(500))
    #expect(call.clients[1].keys.sendingEpoch == 1)
    call.run(for: .milliseconds(100))
    #expect(call.clients[1].events.contains(.committerFailover(epoch: 2)))
    #expect(call.clients[1].ready == [1, 2])
    // The dead one never answers, so the relay executes at its deadline.
    call.run(for: .milliseconds(1_500))
    expectAllHearEachOther([call.clients[1], call.clients[2]], call)
    #expect(call.clients[1].activations.last?.wasCommitter == true)
  }

  @Test func `two committers in a row die`() throws {
    let call = try callOf(5)
    call.clients[0].isFrozen = true
    call.clients[1].isFrozen = true
    call.leave(call.clients[4])
    call.run(for: .milliseconds(2_100))
    expectAllHearEachOther([call.clients[2], call.clients[3]], call)
    #expect(call.clients[2].activations.last?.wasCommitter == true)
  }

  @Test func `the committer dies between prepare and execute`() throws {
    let call = try callOf(4)
    let committer = call.clients[0]
    call.leave(call.clients[3])
    // Its commits leave, then it stops.
    call.run(for: .milliseconds(62))
    committer.isFrozen = true
    call.run(for: .milliseconds(2_100))
    expectAllHearEachOther([call.clients[1], call.clients[2]], call)
    #expect(call.clients[1].activations.last?.wasCommitter == false)
    // The relay notices the death later: one more epoch, without it.
    call.leave(committer)
    call.run(for: .milliseconds(300))
    expectAllHearEachOther([call.clients[1], call.clients[2]], call)
    let later = try call.clients[1].keys.seal([1], stream: .microphone)
    #expect(!committer.opens(later, at: call.now))
  }

  @Test func `the committer reaches only some before it dies`() throws {
    let call = try callOf(4)
    let committer = call.clients[0]
    call.onSealed = { from, to, body in
      from === committer && to !== call.clients[1] ? [] : [(body, .zero)]
    }
    try call.join()
    call.run(for: .milliseconds(70))
    committer.isFrozen = true
    call.onSealed = nil
    call.run(for: .seconds(8))
    expectAllHearEachOther(Array(call.clients[1...]), call)
  }

  @Test func `two committers race and the lower rank wins everywhere`() throws {
    let call = try callOf(4)
    let (first, second) = (call.clients[0], call.clients[1])
    // The first one's commits arrive after the second one has lost patience and committed too.
    call.onSealed = { from, _, body in [(body, from === first ? .milliseconds(520) : .zero)] }
    call.leave(call.clients[3])
    call.run(for: .milliseconds(1_500))
    let rest = Array(call.clients[..<3])
    #expect(second.events.contains(.committerFailover(epoch: 2)))
    expectAllHearEachOther(rest, call)
    #expect(first.activations.last?.wasCommitter == true)
    #expect(second.activations.last?.wasCommitter == false, "the second follows the first")
    #expect(rest.allSatisfy { $0.keys.sendingEpoch == 2 })
  }

  @Test func `frames sealed under the losing key of a race still open`() throws {
    let call = try callOf(3)
    let (first, second, third) = (call.clients[0], call.clients[1], call.clients[2])
    call.onSealed = { from, _, body in [(body, from === first ? .milliseconds(900) : .zero)] }
    try call.join()
    call.prepare(.periodic)
    call.run(for: .milliseconds(700))
    let underLoser = second.keys.sendingEpoch == 2 ? try second.keys.seal([7], stream: .microphone) : nil
    call.run(for: .milliseconds(2_000))
    if let underLoser { #expect(third.opens(underLoser, at: call.now)) }
    call.onSealed = nil
    call.run(for: .seconds(8))
    expectAllHearEachOther(call.clients, call)
  }

  @Test func `a member that missed the commit is caught up`() throws {
    let call = try callOf(4)
    let unlucky = call.clients[3]
    call.onSealed = { _, to, body in to === unlucky ? [] : [(body, .zero)] }
    call.leave(call.clients[2])
    call.run(for: .milliseconds(2_100))
    call.onSealed = nil
    call.run(for: .seconds(8))
    expectAllHearEachOther([call.clients[0], call.clients[1], unlucky], call)
  }

  @Test func `a joiner that missed its commit is caught up`() throws {
    let call = try callOf(3)
    let joiner = try call.makeClient()
    call.onSealed = { _, to, body in to === joiner ? [] : [(body, .zero)] }
    call.enter(joiner)
    call.run(for: .milliseconds(2_300))
    let said = try call.clients[0].keys.seal([1], stream: .microphone)
    #expect(!joiner.opens(said, at: call.now))
    call.onSealed = nil
    call.run(for: .seconds(8))
    expectAllHearEachOther(call.clients, call)
  }
}
