import E2EKeys
import Signaling
import Testing
import WireBytes

@Suite struct LeaveTests {
  private func callOf(_ count: Int) throws -> Call {
    let call = Call(seed: UInt64(count) + 40)
    for _ in 0..<count { try call.join() }
    call.run(for: .milliseconds(300))
    return call
  }

  @Test func `a departed member opens nothing that is said later`() throws {
    let call = try callOf(4)
    let gone = call.clients[3]
    let rest = Array(call.clients[..<3])
    // The relay is its friend: it goes on to hand it everything that is sealed to the others.
    call.onSealed = { from, to, body in
      gone.keys.receive(SealedFromMember(from: from.member, body: body), at: call.now)
      return [(body, .zero)]
    }
    call.leave(gone)
    call.run(for: .milliseconds(300))
    expectAllHearEachOther(rest, call)
    #expect(rest[0].activations.last?.cause == .leave)
    #expect(rest[0].activations.last?.wrapped == 2, "a fresh key, wrapped to each of the others")
    let later = try rest[0].keys.seal(Array("later".utf8), stream: .microphone)
    #expect(throws: E2EError.unknownKey) { try gone.keys.open(later, at: call.now) }
    #expect(rest.allSatisfy { $0.events.contains(.memberLeft(gone.member)) })
  }

  @Test func `frames of a departed member are refused at once`() throws {
    let call = try callOf(3)
    let gone = call.clients[2]
    let said = try gone.keys.seal([1], stream: .microphone)
    call.leave(gone)
    call.run(for: .milliseconds(20))
    #expect(throws: E2EError.departedKey) { try call.clients[0].keys.open(said, at: call.now) }
  }

  @Test func `the old epoch opens for five seconds after the switch and not longer`() throws {
    let call = try callOf(3)
    let before = try (0..<2).map { _ in try call.clients[0].keys.seal([1], stream: .camera0) }
    call.leave(call.clients[2])
    call.run(for: .milliseconds(300))
    #expect(call.clients[1].keys.sendingEpoch == 2)
    call.run(for: .milliseconds(4_500))
    #expect(call.clients[1].opens(before[0], at: call.now))
    call.run(for: .milliseconds(800))
    #expect(throws: E2EError.unknownKey) { try call.clients[1].keys.open(before[1], at: call.now) }
  }

  @Test func `join and leave in one window make a fresh key`() throws {
    let call = try callOf(3)
    call.leave(call.clients[1])
    let joiner = try call.join()
    call.run(for: .milliseconds(300))
    let rest = [call.clients[0], call.clients[2], joiner]
    expectAllHearEachOther(rest, call)
    #expect(rest[0].activations.last?.cause == .mixed)
    #expect(rest[0].activations.last?.wrapped == 2)
  }

  @Test func `the first member leaves and the second commits without delay`() throws {
    let call = try callOf(4)
    call.leave(call.clients[0])
    call.run(for: .milliseconds(200))
    let rest = Array(call.clients[1...])
    expectAllHearEachOther(rest, call)
    #expect(rest[0].activations.last?.wasCommitter == true)
    #expect(!rest[0].events.contains(.committerFailover(epoch: 2)))
  }

  @Test func `the relay never says execute and senders switch by the deadline`() throws {
    let call = try callOf(3)
    call.relayExecutes = false
    let gone = call.clients[2]
    call.leave(gone)
    call.run(for: .milliseconds(2_020))
    let rest = Array(call.clients[..<2])
    expectAllHearEachOther(rest, call)
    #expect(rest.allSatisfy { $0.keys.sendingEpoch == 2 })
    let later = try rest[0].keys.seal([1], stream: .microphone)
    #expect(!gone.opens(later, at: call.now))
  }

  @Test func `the relay never says prepare and the members rekey on their own`() throws {
    let call = try callOf(3)
    call.relayPrepares = false
    let gone = call.clients[1]
    call.leave(gone)
    call.run(for: .milliseconds(1_500))
    let rest = [call.clients[0], call.clients[2]]
    expectAllHearEachOther(rest, call)
    #expect(rest.allSatisfy { $0.keys.sendingEpoch == 2 })
    #expect(!rest.contains { $0.events.contains(.sendingBlocked) })
    // When the relay comes back to its senses, its epoch numbers and theirs go on together.
    call.relayPrepares = true
    try call.join()
    call.run(for: .milliseconds(300))
    expectAllHearEachOther(rest + [call.clients[3]], call)
  }

  @Test func `without a new key by the deadline sealing stops`() throws {
    let call = try callOf(3)
    // The relay hides the leave's rekey and loses every sealed message.
    call.relayPrepares = false
    call.onSealed = { _, _, _ in [] }
    call.leave(call.clients[0])
    call.run(for: .milliseconds(1_990))
    // The second and third each made a key of their own; nobody has the other's.
    #expect(call.clients[1].keys.sendingEpoch == 2)
    let later = try? call.clients[1].keys.seal([1], stream: .microphone)
    #expect(later.map { call.clients[0].opens($0, at: call.now) } == false)
  }

  @Test func `a member that cannot commit in time is blocked until it has a key`() throws {
    let call = Call(seed: 3)
    for _ in 0..<7 { try call.join() }
    call.run(for: .milliseconds(300))
    // Everybody before the last in rank is cut off, so its own turn comes only after the deadline.
    let last = call.clients[6]
    call.relayPrepares = false
    call.onSealed = { _, _, _ in [] }
    call.leave(call.clients[0])
    call.run(for: .milliseconds(2_100))
    #expect(last.keys.sendingEpoch == nil)
    #expect(throws: E2EError.rekeyOverdue) { try last.keys.seal([1], stream: .microphone) }
    #expect(last.events.contains(.sendingBlocked))
    call.run(for: .seconds(3))
    #expect(last.keys.sendingEpoch == 2)
    // With the messages flowing again, all settle on one key.
    call.onSealed = nil
    call.run(for: .seconds(12))
    expectAllHearEachOther(Array(call.clients[1...]), call)
  }

  @Test func `changes during a preparation go to the next epoch`() throws {
    let call = try callOf(3)
    let joiner = try call.join()
    call.run(for: .milliseconds(58))
    call.leave(call.clients[1])
    call.run(for: .milliseconds(400))
    let rest = [call.clients[0], call.clients[2], joiner]
    expectAllHearEachOther(rest, call)
    #expect(rest[0].activations.suffix(2).map(\.cause) == [.join, .leave])
  }
}
