import E2EKeys
import SFrame
import Signaling
import TestKit
import Testing
import WireBytes

@Suite struct JoinTests {
  @Test func `a member alone has an epoch`() throws {
    let call = Call()
    let alone = try call.join()
    #expect(throws: E2EError.noKey) { try alone.keys.seal([1], stream: .microphone) }
    call.run(for: .milliseconds(200))
    #expect(alone.keys.sendingEpoch == 1)
    #expect(try alone.keys.seal([1], stream: .microphone).isEmpty == false)
  }

  @Test(arguments: [2, 8, 30])
  func `members that join one after another agree`(count: Int) throws {
    let call = Call(seed: UInt64(count))
    for index in 1...count {
      try call.join()
      call.run(for: .milliseconds(120))
      #expect(call.clients.allSatisfy { $0.keys.sendingEpoch == UInt32(index) })
    }
    expectAllHearEachOther(call.clients, call)
    // After the first epoch, each join is a ratchet: the key goes to the joiner alone.
    #expect(call.clients[0].activations.dropFirst().allSatisfy { $0.cause == .join && $0.wrapped == 1 })
    #expect(call.clients[0].activations.allSatisfy { $0.wasCommitter })
    #expect(call.clients.allSatisfy { $0.keys.keyHolders.count == count })
  }

  @Test(arguments: [2, 8, 30])
  func `members that join at once agree on one epoch`(count: Int) throws {
    let call = Call(seed: UInt64(count))
    for _ in 0..<count { try call.join() }
    call.run(for: .milliseconds(300))
    expectAllHearEachOther(call.clients, call)
    #expect(call.clients.allSatisfy { $0.activations.map(\.epoch) == [1] })
    #expect(call.clients.allSatisfy { $0.ready == [1] })
  }

  @Test func `a joiner cannot open what was said before`() throws {
    let call = Call()
    let early = [try call.join(), try call.join()]
    call.run(for: .milliseconds(200))
    let before = try early[0].keys.seal(Array("before".utf8), stream: .microphone)
    let joiner = try call.join()
    call.run(for: .milliseconds(200))
    expectAllHearEachOther(call.clients, call)
    #expect(throws: E2EError.unknownKey) { try joiner.keys.open(before, at: call.now) }
    #expect(early[1].opens(before, at: call.now), "within the overlap the others still open it")
  }

  @Test(arguments: KeyAgreementSuite.allCases)
  func `a member that offers one suite gets keys by it`(suite: KeyAgreementSuite) throws {
    let call = Call()
    let first = try call.join(policy: KeyPolicy(minimumSuite: .mlkem768))
    let second = try call.join(policy: KeyPolicy(offered: [suite], minimumSuite: suite))
    call.run(for: .milliseconds(200))
    expectAllHearEachOther(call.clients, call)
    #expect(first.events.contains(.suiteChosen(second.member, suite)))
    #expect(
      first.events.contains(
        .epochActive(epoch: 1, cause: .join, suites: [suite.name: 1], weakest: suite, wasCommitter: true)))
  }

  @Test func `both offer both and the hybrid is chosen`() throws {
    let call = Call()
    let clients = [try call.join(), try call.join()]
    call.run(for: .milliseconds(200))
    #expect(clients[0].events.contains(.suiteChosen(clients[1].member, .x25519MLKEM1024)))
    #expect(clients[1].events.contains(.suiteChosen(clients[0].member, .x25519MLKEM1024)))
  }

  @Test func `a member with no suite in common gets no key from the committer`() throws {
    let call = Call()
    let first = try call.join(policy: KeyPolicy(offered: [.x25519MLKEM1024]))
    let second = try call.join()
    let other = try call.join(policy: KeyPolicy(offered: [.mlkem1024]))
    call.run(for: .milliseconds(2_300))
    expectAllHearEachOther([first, second], call)
    #expect(
      first.events.contains(
        .memberRejected(
          other.member,
          .noCommonSuite(SuiteOffers(own: [.x25519MLKEM1024], theirs: [KeyAgreementSuite.mlkem1024.rawValue])))))
    #expect(first.keys.keyHolders == [first.member, second.member])
    let said = try first.keys.seal([1], stream: .microphone)
    #expect(!other.opens(said, at: call.now))
  }

  @Test func `an epoch below a member's minimum is refused by that member`() throws {
    let call = Call()
    let first = try call.join()
    let weak = try call.join(policy: KeyPolicy(offered: [.mlkem1024]))
    let strict = try call.join(policy: KeyPolicy(offered: [.x25519MLKEM1024], minimumSuite: .x25519MLKEM1024))
    call.run(for: .milliseconds(2_300))
    #expect(first.keys.keyHolders.count == 3)
    #expect(!strict.keys.keyHolders.contains(weak.member), "it sends to the others alone")
    let said = try strict.keys.seal([1], stream: .microphone)
    #expect(!weak.opens(said, at: call.now))
    #expect(strict.events.contains(.rekeyFailed(epoch: 1, .weakSuite)))
  }

  @Test(arguments: SFrameCipherSuite.allCases)
  func `every frame suite works, each sender with its own`(suite: SFrameCipherSuite) throws {
    let call = Call()
    let all = Set(SFrameCipherSuite.allCases)
    try call.join(policy: KeyPolicy(sframeSuite: suite, acceptedFrameSuites: all))
    try call.join(policy: KeyPolicy(acceptedFrameSuites: all))
    call.run(for: .milliseconds(200))
    expectAllHearEachOther(call.clients, call)
  }

  @Test func `a member whose frame suite is not accepted is refused`() throws {
    let call = Call()
    let first = try call.join()
    let weak = try call.join(policy: KeyPolicy(sframeSuite: .aes128CTRHMACSHA256_32))
    call.run(for: .milliseconds(200))
    #expect(first.events.contains(.memberRejected(weak.member, .frameSuite)))
    #expect(weak.keys.sendingEpoch == nil)
  }

  @Test func `streams of one sender have counters of their own`() throws {
    let call = Call()
    let (a, b) = (try call.join(), try call.join())
    call.run(for: .milliseconds(200))
    for counter: UInt64 in 0..<3 {
      for stream in MediaStream.allCases {
        let opened = try b.keys.open(a.keys.seal([9], stream: stream), at: call.now)
        #expect(opened.stream == stream)
        #expect(opened.counter == counter)
        #expect(opened.epoch == 1)
      }
    }
  }

  @Test func `streams name their source`() {
    for source in TrackSource.allCases {
      for encoding in 0..<3 {
        #expect(MediaStream(source: source, encoding: encoding).source == source)
      }
    }
    #expect(MediaStream(source: .camera, encoding: 2) == .camera2)
    #expect(MediaStream(source: .screen, encoding: 9) == .screen2)
    #expect(MediaStream(source: .microphone, encoding: 1) == .microphone)
  }
}
