import Membership
import Signaling
import Testing
import WireBytes

@Suite struct MembershipLogTests {
  private func makeLog() -> MembershipLog { MembershipLog(room: testRoom, hash: testHash) }

  @Test func `an empty log has position zero and a head of zeros`() {
    let log = makeLog()
    #expect(log.head == LogHead(n: 0, hash: MembershipEntry.genesis))
    #expect(log.members.isEmpty)
  }

  @Test func `a client that recomputes the chain from the entries reaches the same head`() {
    var log = makeLog()
    var entries = (1...5).map { log.join(bundle: Blob([UInt8($0)]), at: ms(UInt64($0))) }
    let leaves = [
      log.leave(entries[1].member, cause: .consentLost), log.leave(entries[4].member, cause: .disconnected),
    ]
    entries += leaves.compactMap { $0 }
    entries.append(log.join(bundle: Blob([99]), at: ms(9)))
    var head = MembershipEntry.genesis
    for (index, entry) in entries.enumerated() {
      #expect(entry.n == UInt32(index + 1))
      #expect(entry.previous == head)
      head = Blob(testHash(entry.hashedBytes(room: testRoom)))
    }
    #expect(log.head == LogHead(n: 8, hash: head))
  }

  @Test func `every field of an entry moves the head`() {
    let bundles: [[UInt8]] = [[1], [2]]
    var heads: Set<Blob> = []
    for bundle in bundles {
      for cause in MembershipCause.allCases {
        var log = makeLog()
        let entry = log.join(bundle: Blob(bundle), at: ms(0))
        heads.insert(log.head.hash)
        _ = log.leave(entry.member, cause: cause)
        heads.insert(log.head.hash)
      }
    }
    #expect(heads.count == 2 + 2 * MembershipCause.allCases.count)
    var other = MembershipLog(room: RoomID(bytes: [UInt8](repeating: 7, count: 16))!, hash: testHash)
    _ = other.join(bundle: Blob([1]), at: ms(0))
    #expect(!heads.contains(other.head.hash))
  }

  @Test func `the roster stays in log order when members in the middle leave`() {
    var log = makeLog()
    let entries = (1...6).map { log.join(bundle: Blob([UInt8($0)]), at: ms(0)) }
    _ = log.leave(entries[2].member, cause: .left)
    _ = log.leave(entries[0].member, cause: .left)
    let last = log.join(bundle: Blob([7]), at: ms(1))
    #expect(log.members.map(\.joinIndex) == [2, 4, 5, 6, last.n])
    #expect(last.n == 9)
    #expect(log.members.map(\.bundle) == [2, 4, 5, 6, 7].map { Blob([$0]) })
  }

  @Test func `the roster hash is that of the canonical encoding and knows the order of joining`() {
    var log = makeLog()
    _ = log.join(bundle: Blob([1]), at: ms(0))
    _ = log.join(bundle: Blob([2]), at: ms(0))
    let items = log.members.map {
      RosterEncoding.Item(joinIndex: $0.joinIndex, member: $0.member, bundleHash: testHash($0.bundle.bytes))
    }
    #expect(log.rosterHash() == Blob(testHash(RosterEncoding.hashedBytes(room: testRoom, items: items))))
    var reversed = makeLog()
    _ = reversed.join(bundle: Blob([2]), at: ms(0))
    _ = reversed.join(bundle: Blob([1]), at: ms(0))
    #expect(reversed.rosterHash() != log.rosterHash())
  }

  @Test func `a leave of someone who is not there makes no entry`() {
    var log = makeLog()
    let entry = log.join(bundle: Blob([1]), at: ms(0))
    #expect(log.leave(entry.member, cause: .left) != nil)
    let head = log.head
    #expect(log.leave(entry.member, cause: .left) == nil)
    #expect(log.head == head)
  }

  @Test func `a member is named by the hash of its bundle and leaves with that hash`() throws {
    var log = makeLog()
    let bundle = Blob([1, 2, 3])
    let entry = log.join(bundle: bundle, at: ms(0))
    #expect(entry.member == MembershipLog.memberID(bundle: bundle, hash: testHash))
    #expect(entry.bundleHash == Blob(testHash(bundle.bytes)))
    #expect(log.contains(entry.member))
    let removed = log.leave(entry.member, cause: .closed)
    let leave = try #require(removed)
    #expect(leave.bundleHash == entry.bundleHash)
    #expect(leave.kind == .leave && leave.cause == .closed)
    #expect(!log.contains(entry.member))
  }
}
