import E2EKeys
import LoadGen
import Signaling
import TestKit
import Testing
import WireBytes

/// Names and moments for the tests of a call's bookkeeping.
enum Audited {
  static func member(_ number: UInt8) throws -> MemberID {
    try #require(MemberID(text: Base64URL.encode([UInt8](repeating: number, count: 16))))
  }

  static func at(_ milliseconds: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: milliseconds * 1_000_000) }

  /// Frame `n` of a sender's microphone, sealed every 20 ms from 1 s on.
  static func key(_ number: Int, of member: MemberID) -> SentFrames.Key {
    SentFrames.Key(member: member, stream: .microphone, epoch: 1, counter: UInt64(number))
  }

  static func bytes(_ number: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: number), 1, 2, 3, 4, 5, 6, 7, 8, 9] }

  static func sent(_ count: Int, by member: MemberID) -> SentFrames {
    let frames = SentFrames()
    for number in 0..<count {
      frames.record(key(number, of: member), plaintext: bytes(number), at: at(1_000 + 20 * UInt64(number)))
    }
    return frames
  }
}

@Suite struct SentFramesTests {
  @Test("each stream of each member counts its own ordinals")
  func ordinals() throws {
    let (first, second) = (try Audited.member(1), try Audited.member(2))
    let sent = Audited.sent(5, by: first)
    sent.record(Audited.key(0, of: second), plaintext: [1], at: Audited.at(1_100))
    sent.record(
      SentFrames.Key(member: first, stream: .camera0, epoch: 1, counter: 0), plaintext: [1], at: Audited.at(1_100))
    #expect(sent.find(Audited.key(4, of: first))?.ordinal == 4)
    #expect(sent.find(Audited.key(0, of: second))?.ordinal == 0)
    #expect(sent.total == 7)
    #expect(sent.find(Audited.key(5, of: first)) == nil)
  }

  @Test("frames are counted up to a deadline, that moment excluded")
  func counts() throws {
    let member = try Audited.member(1)
    let sent = Audited.sent(100, by: member)
    func count(_ milliseconds: UInt64) -> Int { sent.count(member, .microphone, before: Audited.at(milliseconds)) }
    #expect([0, 1_000, 1_001, 1_020, 1_021, 2_980, 2_981, 9_000].map(count) == [0, 0, 1, 1, 2, 99, 100, 100])
    #expect(sent.count(member, .camera0, before: .never) == 0)
    #expect(sent.count(try Audited.member(9), .microphone, before: .never) == 0)
  }

  @Test("after ten seconds a frame is forgotten, but still counted")
  func forgetting() throws {
    let member = try Audited.member(1)
    let sent = Audited.sent(1, by: member)
    sent.record(Audited.key(1, of: member), plaintext: [1], at: Audited.at(11_000))
    #expect(sent.find(Audited.key(0, of: member)) != nil)
    sent.record(Audited.key(2, of: member), plaintext: [1], at: Audited.at(11_001))
    #expect(sent.find(Audited.key(0, of: member)) == nil)
    #expect(sent.find(Audited.key(2, of: member))?.ordinal == 2)
    #expect(sent.count(member, .microphone, before: .never) == 3)
  }

  @Test("digests tell lengths and single bits apart")
  func digests() {
    let base = [UInt8](repeating: 0, count: 21)
    var variants = (0..<21).map { Array(base.prefix($0)) } + [base]
    for bit in 0..<(21 * 8) {
      var changed = base
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      variants.append(changed)
    }
    #expect(Set(variants.map(SentFrames.digest)).count == variants.count)
  }
}

@Suite struct StreamAuditTests {
  private func audit(_ arrivals: [Int], of count: Int = 100) throws -> StreamAudit {
    let member = try Audited.member(1)
    let sent = Audited.sent(count, by: member)
    var audit = StreamAudit()
    for number in arrivals {
      audit.add(
        digest: SentFrames.digest(Audited.bytes(number)), receivedAt: Audited.at(1_005 + 20 * UInt64(number)),
        sent: sent.find(Audited.key(number, of: member)))
    }
    return audit
  }

  @Test("a complete stream lacks nothing, and each frame's way is timed")
  func complete() throws {
    let audit = try audit(Array(0..<100))
    #expect(audit.received == 100 && audit.missing(from: 0, to: 100) == 0)
    #expect(audit.mismatches == 0 && audit.outOfOrder == 0 && audit.duplicates == 0)
    #expect(audit.latency.percentiles([0, 1]) == [5_000, 5_000])
  }

  @Test("frames lost in the middle and at the end are missing")
  func loss() throws {
    let audit = try audit(Array(0..<40) + Array(45..<90))
    #expect(audit.missing(from: 0, to: 100) == 15)
    #expect(audit.missing(from: 0, to: 90) == 5)
    // What came after the deadline does not make up for what did not come before it.
    #expect(audit.missing(from: 0, to: 60) == 5)
  }

  @Test("a late start is missing only as far as it was due")
  func lateStart() throws {
    let audit = try audit(Array(30..<100))
    #expect(audit.missing(from: 30, to: 100) == 0)
    #expect(audit.missing(from: 50, to: 100) == 0)
    #expect(audit.missing(from: 20, to: 100) == 10)
  }

  @Test("a stream that never came is missing as a whole, and nothing when nothing was due")
  func silence() {
    #expect(StreamAudit().missing(from: 10, to: 60) == 50)
    #expect(StreamAudit().missing(from: 60, to: 60) == 0)
    #expect(StreamAudit().missing(from: 60, to: 10) == 0)
  }

  @Test("a frame that comes twice is a duplicate and hides no loss")
  func duplicates() throws {
    let audit = try audit([0, 1, 2, 2, 4, 1, 4])
    #expect(audit.duplicates == 3 && audit.outOfOrder == 0 && audit.received == 4)
    #expect(audit.missing(from: 0, to: 5) == 1)
  }

  @Test("a frame behind a later one is out of order, and not missing")
  func order() throws {
    let audit = try audit([0, 2, 1, 3, 70, 4])
    #expect(audit.outOfOrder == 2 && audit.duplicates == 0)
    #expect(audit.missing(from: 0, to: 5) == 65)
  }

  @Test("other bytes than were sent are a mismatch, and so is a frame that nobody sent")
  func mismatches() throws {
    let member = try Audited.member(1)
    let sent = Audited.sent(2, by: member)
    var audit = StreamAudit()
    audit.add(
      digest: SentFrames.digest(Audited.bytes(1)), receivedAt: Audited.at(1_001),
      sent: sent.find(Audited.key(0, of: member)))
    audit.add(
      digest: SentFrames.digest(Audited.bytes(1)), receivedAt: Audited.at(1_021),
      sent: sent.find(Audited.key(1, of: member)))
    audit.add(digest: SentFrames.digest(Audited.bytes(2)), receivedAt: Audited.at(1_041), sent: nil)
    #expect(audit.mismatches == 2 && audit.received == 2)
  }
}
