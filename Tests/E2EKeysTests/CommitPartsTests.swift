@testable import E2EKeys
import Signaling
import TestKit
import Testing
import WireBytes

/// A commit comes in two parts: one for all, one for each member that needs the key.
@Suite struct CommitPartsTests {
  private func callOf(_ count: Int, seed: UInt64, policy: KeyPolicy = KeyPolicy()) throws -> Call {
    let call = Call(seed: seed)
    for _ in 0..<count { try call.join(policy: policy) }
    call.run(for: .seconds(1))
    return call
  }

  @Test(arguments: [2, 8, 30])
  func `a join costs two messages whatever the size, a leave one for each member and one for all`(count: Int) throws {
    // No heartbeats among what is counted.
    let policy = KeyPolicy(heartbeat: .seconds(3_600), silence: .seconds(7_200))
    let call = try callOf(count, seed: 650, policy: policy)
    let committer = call.clients[0].keys
    var before = committer.metrics.messagesSent
    let others = call.clients.dropFirst().map { $0.keys.metrics.messagesSent }
    try call.join(policy: policy)
    call.run(for: .milliseconds(150))
    #expect(committer.metrics.messagesSent - before == 2)
    #expect(call.clients.dropFirst().prefix(count - 1).map { $0.keys.metrics.messagesSent } == others)
    before = committer.metrics.messagesSent
    call.leave(call.clients[count])
    call.run(for: .milliseconds(150))
    #expect(committer.metrics.messagesSent - before == UInt64(count))
    expectAllHearEachOther(Array(call.clients.prefix(count)), call)
  }

  @Test(arguments: [true, false])
  func `either part may come first, and late`(announcementFirst: Bool) throws {
    let call = try callOf(3, seed: 651)
    call.onSealed = { _, _, body in
      let isAnnouncement = body.bytes.first == GroupChannel.version
      return [(body, isAnnouncement == announcementFirst ? .zero : .milliseconds(400))]
    }
    call.leave(call.clients[2])
    call.run(for: .seconds(1))
    expectAllHearEachOther(Array(call.clients.prefix(2)), call)
    #expect(call.clients[1].keys.sendingEpoch == 2)
  }

  @Test(arguments: [true, false])
  func `when one part is lost the member asks and gets the whole`(losesAnnouncement: Bool) throws {
    let call = try callOf(3, seed: 652)
    let victim = call.clients[1]
    call.onSealed = { _, to, body in
      let isAnnouncement = body.bytes.first == GroupChannel.version
      return to === victim && isAnnouncement == losesAnnouncement ? [] : [(body, .zero)]
    }
    call.leave(call.clients[2])
    call.run(for: .milliseconds(300))
    call.onSealed = nil
    #expect(victim.keys.sendingEpoch == 1)
    call.run(for: .seconds(8))
    expectAllHearEachOther(Array(call.clients.prefix(2)), call)
    #expect(victim.keys.sendingEpoch == 2)
  }

  @Test func `a repeated announcement costs no signature check`() throws {
    let call = try callOf(3, seed: 653)
    let victim = call.clients[1]
    var announcements: [Blob] = []
    call.onSealed = { _, to, body in
      if to === victim, body.bytes.first == GroupChannel.version { announcements.append(body) }
      return [(body, .zero)]
    }
    try call.join()
    call.run(for: .milliseconds(300))
    let verified = victim.keys.metrics.durations[.verify]?.count
    let announcement = try #require(announcements.last)
    for _ in 0..<100 {
      victim.keys.receive(SealedFromMember(from: call.clients[0].member, body: announcement), at: call.now)
    }
    #expect(victim.keys.metrics.durations[.verify]?.count == verified)
    #expect(victim.keys.sendingEpoch == 2)
  }

  @Test func `parts without their other half are few`() {
    var inbox = CommitInbox()
    let member = MemberID(bundleHash: [UInt8](repeating: 1, count: 32))
    func hash(_ n: Int) -> [UInt8] { [UInt8](repeating: UInt8(n), count: 32) }
    for n in 0..<20 { #expect(inbox.announcement([UInt8(n)], commitHash: hash(n), from: member) == nil) }
    func key(_ n: Int) -> WrappedKeyDelivery { WrappedKeyDelivery(commitHash: hash(n), wrapped: [99]) }
    #expect(inbox.wrappedKey(key(19), from: member) == [19, 99])
    #expect(inbox.wrappedKey(key(0), from: member) == nil, "the oldest went")
    let other = MemberID(bundleHash: [UInt8](repeating: 2, count: 32))
    #expect(inbox.wrappedKey(key(18), from: other) == nil, "another member's key completes nothing")
    #expect(inbox.wrappedKey(key(18), from: member) == [18, 99])
  }

  @Test func `announcements of any shape are opened or dropped`() throws {
    let call = try callOf(2, seed: 654)
    let (a, b) = (call.clients[0], call.clients[1])
    var body: [UInt8] = []
    call.onSealed = { _, _, sealed in
      if sealed.bytes.first == GroupChannel.version { body = sealed.bytes }
      return []
    }
    call.prepare(.periodic)
    call.run(for: .milliseconds(50))
    call.onSealed = nil
    #expect(!body.isEmpty)
    for variant in MalformedSweep.mutations(of: body, count: 300, seed: 8) + MalformedSweep.truncations(of: body)
    where variant != body {
      b.keys.receive(SealedFromMember(from: a.member, body: Blob(variant)), at: call.now)
      call.drain(b)
    }
    #expect(!b.events.contains { if case .rekeyFailed = $0 { true } else { false } })
    // The relay cannot make it somebody else's.
    b.keys.receive(SealedFromMember(from: b.member, body: Blob(body)), at: call.now)
    #expect(b.keys.newest?.epoch == 1)
  }
}
