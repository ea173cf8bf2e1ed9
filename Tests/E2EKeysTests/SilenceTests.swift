import E2EKeys
import Signaling
import Testing
import WireBytes

@Suite struct SilenceTests {
  private func callOf(_ count: Int, policy: KeyPolicy = KeyPolicy()) throws -> Call {
    let call = Call(seed: UInt64(count) + 100)
    for _ in 0..<count { try call.join(policy: policy) }
    call.run(for: .milliseconds(300))
    return call
  }

  @Test func `a quiet call goes on without events`() throws {
    let call = try callOf(4)
    call.run(for: .seconds(60))
    expectAllHearEachOther(call.clients, call)
    for client in call.clients {
      #expect(client.activations.count == 1)
      #expect(!client.events.contains { if case .memberSilent = $0 { true } else { false } })
      #expect(!client.events.contains { if case .logMismatch = $0 { true } else { false } })
    }
  }

  @Test(arguments: [0, 3])
  func `a member silent for fifteen seconds is removed though the relay hides its leaving`(index: Int) throws {
    let call = try callOf(4)
    call.run(for: .seconds(5))
    let gone = call.clients[index]
    call.leave(gone, hidden: true)
    call.run(for: .milliseconds(9_900))
    let rest = call.clients.filter { $0 !== gone }
    #expect(rest.allSatisfy { $0.keys.sendingEpoch == 1 })
    call.run(for: .milliseconds(5_600))
    #expect(rest.allSatisfy { $0.events.contains(.memberSilent(gone.member)) })
    expectAllHearEachOther(rest, call)
    let later = try rest[0].keys.seal([1], stream: .microphone)
    #expect(throws: E2EError.self) { try gone.keys.open(later, at: call.now) }
    #expect(rest.allSatisfy { !$0.keys.keyHolders.contains(gone.member) })
  }

  @Test func `the last other member falls silent`() throws {
    let call = try callOf(2)
    call.leave(call.clients[1], hidden: true)
    call.run(for: .seconds(16))
    let later = try call.clients[0].keys.seal([1], stream: .microphone)
    #expect(!call.clients[1].opens(later, at: call.now))
  }

  @Test(arguments: [0, 2])
  func `a member that was cut off for twenty seconds comes back`(index: Int) throws {
    let call = try callOf(4)
    let member = call.clients[index]
    member.isConnected = false
    call.run(for: .seconds(20))
    #expect(call.clients[1].events.contains(.memberSilent(member.member)))
    call.resume(member)
    call.run(for: .seconds(12))
    expectAllHearEachOther(call.clients, call)
    #expect(call.clients[1].events.contains(.memberHeard(member.member)))
  }

  @Test func `a short loss of connection with changes meanwhile is made good`() throws {
    let call = try callOf(4)
    let member = call.clients[2]
    member.isConnected = false
    call.leave(call.clients[3])
    try call.join()
    call.run(for: .seconds(6))
    call.resume(member)
    call.run(for: .seconds(8))
    expectAllHearEachOther(call.clients.filter { $0.name != 3 }, call)
  }
}

@Suite struct PeriodicTests {
  @Test func `a periodic epoch is fresh and replaces the agreement keys`() throws {
    let call = Call(seed: 200)
    for _ in 0..<4 { try call.join() }
    call.run(for: .milliseconds(300))
    call.prepare(.periodic)
    call.run(for: .seconds(1))
    expectAllHearEachOther(call.clients, call)
    #expect(call.clients[0].activations.last?.cause == .periodic)
    #expect(call.clients[0].activations.last?.wrapped == 3)
    // From here on keys are wrapped to the new generation; a joiner learns of it too.
    call.run(for: .seconds(20))
    let joiner = try call.join()
    call.run(for: .milliseconds(300))
    for gone in [0, 1, 2] {
      call.leave(call.clients[gone])
      call.run(for: .milliseconds(400))
      expectAllHearEachOther(Array(call.clients[(gone + 1)...]), call)
    }
    #expect(joiner.keys.sendingEpoch == call.clients[3].keys.sendingEpoch)
  }

  @Test func `without the relay's advice the members renew the key themselves`() throws {
    let call = Call(seed: 201)
    let policy = KeyPolicy(maximumEpochAge: .seconds(60))
    for _ in 0..<3 { try call.join(policy: policy) }
    call.run(for: .seconds(70))
    expectAllHearEachOther(call.clients, call)
    #expect(call.clients[2].activations.map(\.cause) == [.join, .periodic])
  }

  @Test func `a lost key update is asked for`() throws {
    let call = Call(seed: 202)
    for _ in 0..<3 { try call.join() }
    call.run(for: .milliseconds(300))
    let deaf = call.clients[0]
    call.prepare(.periodic)
    call.run(for: .milliseconds(30))
    call.onSealed = { _, to, body in to === deaf && body.bytes.count > 4_000 ? [] : [(body, .zero)] }
    call.run(for: .seconds(3))
    call.onSealed = nil
    call.run(for: .seconds(20))
    call.leave(call.clients[1])
    call.run(for: .milliseconds(300))
    expectAllHearEachOther([deaf, call.clients[2]], call)
  }
}
