import E2EKeys
import LoadGen
import Signaling
import Testing
import WireBytes

@Suite struct RoomLedgerTests {
  private func rekey(_ epoch: UInt32, _ cause: RekeyCause = .join) -> Rekey {
    Rekey(
      epoch: epoch, phase: .prepare, cause: cause, changes: [],
      head: LogHead(n: epoch, hash: Blob([UInt8](repeating: 0, count: 32))),
      rosterHash: Blob([UInt8](repeating: 0, count: 32)), deadlineMs: 2_000)
  }

  private func room(_ members: Int) -> RoomLedger {
    let ledger = RoomLedger()
    for number in 0..<members { ledger.joined(number, at: Audited.at(50)) }
    return ledger
  }

  @Test("an epoch has converged when the last member is on it, counted from the first word of it")
  func convergence() {
    let ledger = room(3)
    ledger.prepared(rekey(1), at: Audited.at(100))
    ledger.prepared(rekey(1), at: Audited.at(120))
    ledger.activated(1, by: 0, at: Audited.at(130))
    ledger.activated(1, by: 2, at: Audited.at(160))
    #expect(ledger.rekeys(room: 4, from: Audited.at(120)).map(\.converged_ms) == [nil])
    ledger.activated(1, by: 1, at: Audited.at(150))
    let result = ledger.rekeys(room: 4, from: Audited.at(120))
    #expect(result.map(\.converged_ms) == [60])
    #expect(result.map(\.room) == [4] && result.map(\.epoch) == [1] && result.map(\.cause) == ["join"])
  }

  @Test("a member that goes straight to a later epoch has passed the one before")
  func superseded() {
    let ledger = room(2)
    ledger.prepared(rekey(1), at: Audited.at(100))
    ledger.prepared(rekey(2, .leave), at: Audited.at(150))
    ledger.activated(1, by: 0, at: Audited.at(140))
    ledger.activated(2, by: 0, at: Audited.at(190))
    #expect(ledger.rekeys(room: 0, from: Audited.at(120)).map(\.converged_ms) == [nil, nil])
    ledger.activated(2, by: 1, at: Audited.at(210))
    #expect(ledger.rekeys(room: 0, from: Audited.at(120)).map(\.converged_ms) == [110, 60])
    #expect(ledger.rekeys(room: 0, from: Audited.at(120)).map(\.cause) == ["join", "leave"])
  }

  @Test("who has left is not waited for")
  func departed() {
    let ledger = room(3)
    ledger.prepared(rekey(1), at: Audited.at(100))
    ledger.activated(1, by: 0, at: Audited.at(130))
    ledger.activated(1, by: 1, at: Audited.at(140))
    ledger.left(2, at: Audited.at(150), lastEpoch: 0)
    #expect(ledger.rekeys(room: 0, from: Audited.at(120)).map(\.converged_ms) == [40])
  }

  @Test("a removal window lasts until the last sender gives up a key that the departed member had")
  func removalWindows() {
    let ledger = room(3)
    ledger.sealed(by: 0, epoch: 1, at: Audited.at(90))
    ledger.left(2, at: Audited.at(100), lastEpoch: 1)
    #expect(ledger.removalWindows == [0])
    ledger.sealed(by: 0, epoch: 1, at: Audited.at(110))
    ledger.sealed(by: 1, epoch: 1, at: Audited.at(180))
    ledger.sealed(by: 0, epoch: 2, at: Audited.at(200))
    ledger.sealed(by: 1, epoch: 2, at: Audited.at(300))
    #expect(ledger.removalWindows == [80])
    ledger.left(1, at: Audited.at(400), lastEpoch: 2)
    ledger.sealed(by: 0, epoch: 2, at: Audited.at(450))
    #expect(ledger.removalWindows == [80, 50])
  }

  @Test("changes are told from the beginning of the measured call, key changes from before it as well")
  func moments() {
    let ledger = room(2)
    ledger.prepared(rekey(1), at: Audited.at(100))
    ledger.prepared(rekey(2, .leave), at: Audited.at(370))
    ledger.joined(2, at: Audited.at(220))
    ledger.left(0, at: Audited.at(320), lastEpoch: 1)
    #expect(ledger.rekeys(room: 0, from: Audited.at(120)).map(\.at_s) == [-0.02, 0.25])
    let changes = ledger.changes(room: 3, from: Audited.at(120))
    #expect(changes.map { "\($0.room) \($0.kind) \($0.at_s)" } == ["3 join 0.1", "3 leave 0.2"])
  }

  @Test("suites that a room came down to are remembered")
  func fallbacks() {
    let ledger = room(2)
    #expect(ledger.fallbacks.isEmpty)
    for suite in [KeyAgreementSuite.mlkem768, .mlkem768, .xWing] { ledger.fellBack(to: suite) }
    #expect(ledger.fallbacks == [.mlkem768, .xWing])
  }

  @Test("suites are counted by name")
  func suites() {
    let ledger = room(2)
    ledger.chose(.x25519MLKEM1024)
    ledger.chose(.x25519MLKEM1024)
    ledger.chose(.mlkem1024)
    #expect(ledger.suites == ["x25519-mlkem1024": 2, "mlkem1024": 1])
  }
}
