import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

/// Members come and go at random, also in the middle of changes of keys, also the one that makes the keys.
@Suite struct ChurnTests {
  /// A call under churn, watched all the time.
  private final class Watched {
    let call: Call
    private var random: SeededRandom
    private(set) var live: [Client] = []
    private var departed: [(client: Client, at: MonotonicInstant)] = []
    private var enteredAt: [Int: MonotonicInstant] = [:]
    /// When each last opened a frame of each.
    private var heardAt: [[Int]: MonotonicInstant] = [:]
    private(set) var longestLockOut = TimeInterval.zero
    private(set) var framesChecked = 0

    /// `KeyPolicy.deadline` and two ways through the relay.
    static let deadline = TimeInterval.milliseconds(2_020)

    init(seed: UInt64) {
      call = Call(seed: seed)
      random = SeededRandom(seed: seed &* 77)
    }

    func join() throws {
      let client = try call.join()
      live.append(client)
      enteredAt[client.name] = call.now
    }

    func leave(_ client: Client) {
      live.removeAll { $0 === client }
      departed.append((client, call.now))
      call.leave(client)
    }

    /// Its process stops; the relay notices after a while.
    func die(_ client: Client, noticedAfter delay: TimeInterval) {
      client.isFrozen = true
      live.removeAll { $0 === client }
      call.schedule(in: delay) { [call] in call.removeFromLog(client) }
    }

    func churn() throws {
      let choice = Int.random(in: 0..<10, using: &random)
      switch choice {
      case 0...3 where live.count < 9: try join()
      case 4...6 where live.count > 3: leave(live[Int.random(in: 0..<live.count, using: &random)])
      case 7 where live.count > 3: leave(live[0])
      case 8 where live.count > 4: die(live[0], noticedAfter: .milliseconds(300))
      default:
        // Two at once, one in and one out.
        if live.count > 3 { leave(live[Int.random(in: 0..<live.count, using: &random)]) }
        try join()
      }
    }

    /// Everybody says something; who may hear it hears it, and nobody else.
    func check() {
      for speaker in live {
        guard let frame = try? speaker.keys.seal([1, 2, 3], stream: .microphone) else { continue }
        framesChecked += 1
        for (former, at) in departed where call.now > at + Self.deadline {
          #expect(!former.opens(frame, at: call.now), "\(former.name) left and opens \(speaker.name)")
        }
        for listener in live where listener !== speaker {
          if listener.opens(frame, at: call.now) { heardAt[[speaker.name, listener.name]] = call.now }
          call.drain(listener)
        }
      }
      for speaker in live {
        for listener in live where listener !== speaker {
          // Before both were in, there is nothing to miss.
          let since =
            [enteredAt[speaker.name], enteredAt[listener.name], heardAt[[speaker.name, listener.name]]]
            .compactMap { $0 }.max() ?? call.now
          longestLockOut = max(longestLockOut, TimeInterval(nanoseconds: call.now.nanoseconds(since: since)))
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func `nobody is locked out for longer than a deadline and nobody who left hears on`(seed: UInt64) throws {
    let watched = Watched(seed: seed)
    var random = SeededRandom(seed: seed)
    for _ in 0..<4 { try watched.join() }
    for _ in 0..<40 {
      try watched.churn()
      let pause = UInt64.random(in: 1...12, using: &random)
      for _ in 0..<pause {
        watched.call.run(for: .milliseconds(50))
        watched.check()
      }
    }
    for _ in 0..<60 {
      watched.call.run(for: .milliseconds(50))
      watched.check()
    }
    expectAllHearEachOther(watched.live, watched.call)
    #expect(watched.framesChecked > 500)
    #expect(watched.longestLockOut <= Watched.deadline, "\(watched.longestLockOut.seconds) s")
    let failures = watched.live.flatMap(\.events).filter { event in
      switch event {
      case .logMismatch, .relayInconsistent, .sendingBlocked: true
      default: false
      }
    }
    #expect(failures.isEmpty, "an honest relay is not accused: \(failures)")
  }

  @Test func `a member that rejoins with its identity is a new member`() throws {
    let call = Call(seed: 900)
    let identity = try MemberIdentity()
    func enter() throws -> Client {
      let keys = try CallKeys(
        invite: call.invite, identity: identity, policy: KeyPolicy(), displayName: "Ada",
        random: SeededRandom(seed: UInt64(call.clients.count) &+ 31).source, at: call.now)
      let client = Client(name: call.clients.count, keys: keys)
      call.enter(client)
      return client
    }
    for _ in 0..<3 { try call.join() }
    let first = try enter()
    call.run(for: .milliseconds(300))
    call.leave(first)
    // Back before the leave is worked off.
    call.run(for: .milliseconds(20))
    let second = try enter()
    call.run(for: .seconds(1))
    #expect(second.member != first.member)
    let present = call.clients.filter { $0 !== first }
    expectAllHearEachOther(present, call)
    #expect(call.clients[0].events.contains(.identityConfirmed(second.member, contact: "Ada")))
    let said = try second.keys.seal([1], stream: .microphone)
    #expect(!first.opens(said, at: call.now))
  }

  @Test func `members that join and leave while keys change are in the next change`() throws {
    let call = Call(seed: 901)
    for _ in 0..<4 { try call.join() }
    call.run(for: .milliseconds(300))
    // The commit is on its way for long: the next changes come in the middle of it.
    call.onSealed = { _, _, body in [(body, body.bytes.count > 1_000 ? .milliseconds(300) : .zero)] }
    try call.join()
    call.run(for: .milliseconds(120))
    let passer = try call.join()
    call.run(for: .milliseconds(50))
    call.leave(call.clients[1])
    call.run(for: .milliseconds(30))
    call.leave(passer)
    call.run(for: .seconds(3))
    let present = call.clients.filter { $0 !== call.clients[1] && $0 !== passer }
    expectAllHearEachOther(present, call)
    let said = try present[0].keys.seal([1], stream: .microphone)
    #expect(!passer.opens(said, at: call.now))
    #expect(!call.clients[1].opens(said, at: call.now))
  }

  @Test func `a committer that dies between prepare and execute holds nobody up`() throws {
    let call = Call(seed: 902)
    for _ in 0..<5 { try call.join() }
    call.run(for: .milliseconds(300))
    call.leave(call.clients[4])
    // Prepared after 50 ms; the commit reaches one member only, then its maker is gone.
    call.onSealed = { from, to, body in
      from === call.clients[0] && to !== call.clients[2] ? [] : [(body, .zero)]
    }
    call.run(for: .milliseconds(65))
    #expect(call.clients[0].keys.sendingEpoch == 1)
    call.clients[0].isFrozen = true
    call.onSealed = nil
    let rest = Array(call.clients[1...3])
    // One has the dead committer's key, two have its successor's. Frames go on and show what is missing.
    for _ in 0..<42 {
      call.run(for: .milliseconds(50))
      for speaker in rest {
        guard let frame = try? speaker.keys.seal([1], stream: .microphone) else { continue }
        for listener in rest where listener !== speaker && !listener.opens(frame, at: call.now) { call.drain(listener) }
      }
    }
    expectAllHearEachOther(rest, call)
    #expect(rest.contains { $0.events.contains { if case .committerFailover = $0 { true } else { false } } })
    let said = try rest[0].keys.seal([1], stream: .microphone)
    #expect(!call.clients[4].opens(said, at: call.now))
  }

  @Test(.timeLimit(.minutes(2)))
  func `a hundred members change keys together`() throws {
    let call = Call(seed: 903)
    for index in 0..<100 {
      try call.join()
      if index % 10 == 9 { call.run(for: .milliseconds(100)) }
    }
    call.run(for: .seconds(3))
    expectOneEpoch(call.clients, call)
    var present = call.clients
    for round in 0..<4 {
      let leaver = present.remove(at: round.isMultiple(of: 2) ? 0 : 57)
      call.leave(leaver)
      call.run(for: .milliseconds(300))
      expectOneEpoch(present, call)
      let said = try present[3].keys.seal([1], stream: .microphone)
      #expect(!leaver.opens(said, at: call.now))
      present.append(try call.join())
      call.run(for: .milliseconds(300))
      expectOneEpoch(present, call)
    }
  }

  /// All send under the same epoch and key; a ring of them hears each other.
  private func expectOneEpoch(_ clients: [Client], _ call: Call, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(Set(clients.map { $0.keys.sendingEpoch }).count == 1, sourceLocation: sourceLocation)
    for (index, speaker) in clients.enumerated() {
      let listener = clients[(index + 1) % clients.count]
      guard let frame = try? speaker.keys.seal([7], stream: .microphone) else {
        Issue.record("\(speaker.name) cannot seal", sourceLocation: sourceLocation)
        continue
      }
      #expect(listener.opens(frame, at: call.now), sourceLocation: sourceLocation)
    }
  }
}
