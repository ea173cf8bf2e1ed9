import E2EKeys
import LoadGen
import Signaling
import Synchronization
import TestKit
import Testing
import WireBytes

@Suite struct CallBoardTests {
  private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  private let lines = Lines()
  private let board: CallBoard
  private let ada = MemberID(bundleHash: [UInt8](repeating: 1, count: 32))
  private let bob = MemberID(bundleHash: [UInt8](repeating: 2, count: 32))
  private let bot = MemberID(bundleHash: [UInt8](repeating: 3, count: 32))

  init() {
    let lines = lines
    board = CallBoard(say: { lines.add($0) })
    board.botJoined("Bot 1", as: bot)
  }

  private func epoch(_ number: UInt32) -> KeyEvent {
    .epochActive(epoch: number, cause: .join, suites: [:], weakest: .x25519MLKEM1024, wasCommitter: false)
  }

  @Test func `what several bots hear is said once`() {
    for _ in 0..<3 { board.note(.memberAdmitted(ada)) }
    for _ in 0..<3 { board.note(.profile(ada, name: "Ada")) }
    for _ in 0..<3 { board.note(epoch(4)) }
    for _ in 0..<3 { board.note(.chat(ada, text: "hello\nthere")) }
    for _ in 0..<3 { board.note(.memberLeft(ada)) }
    #expect(
      lines.all == [
        "Bot 1 joined", "Ada is in the call, 2 in all", "keys of epoch 4: x25519-mlkem1024", "Ada: hello / there",
        "Ada left, 1 in all",
      ])
  }

  @Test func `an arrival that a slow bot hears of after the departure is none`() {
    board.note(.memberAdmitted(ada))
    board.note(.profile(ada, name: "Ada"))
    board.note(.memberLeft(ada))
    let before = lines.all
    board.note(.memberAdmitted(ada))
    board.note(.profile(ada, name: "Ada"))
    board.note(epoch(1))
    board.note(.memberLeft(ada))
    #expect(lines.all == before + ["keys of epoch 1: x25519-mlkem1024"])
  }

  @Test func `who has no name is announced with the first keys, and a name that comes later is told`() {
    board.note(.memberAdmitted(bob))
    #expect(lines.all.count == 1)
    board.note(epoch(2))
    let nameless = board.name(of: bob)
    #expect(lines.all.contains("\(nameless) is in the call, 2 in all"))
    board.note(.profile(bob, name: "Bob"))
    #expect(lines.all.last == "\(nameless) is now called Bob" && board.name(of: bob) == "Bob")
  }

  @Test func `bots are not announced as people, and older epochs are no news`() {
    board.note(.memberAdmitted(bot))
    board.note(.profile(bot, name: "Bot 1"))
    board.note(epoch(5))
    board.note(epoch(4))
    #expect(lines.all == ["Bot 1 joined", "keys of epoch 5: x25519-mlkem1024"])
    board.botLeft("Bot 1")
    board.note(.memberLeft(bot))
    #expect(lines.all.last == "Bot 1 left")
  }

  @Test func `when every bot was thrown out, what comes next is a new call`() {
    for _ in 0..<2 {
      board.note(.memberAdmitted(ada))
      board.note(.profile(ada, name: "Ada"))
      board.note(epoch(1))
      board.botIsOut("Bot 1", because: "the relay is gone")
      board.botJoined("Bot 1", as: bob)
    }
    let once = [
      "Bot 1 joined", "Ada is in the call, 2 in all", "keys of epoch 1: x25519-mlkem1024",
      "Bot 1 is out of the call: the relay is gone",
    ]
    #expect(lines.all == once + once + ["Bot 1 joined"])
  }

  @Test func `trouble is said`() {
    board.note(.memberRejected(ada, .badMAC))
    board.note(.fallback(epoch: 3, suite: .xWing))
    board.note(.relayInconsistent(.badRoster))
    board.note(.logMismatch(ada))
    #expect(lines.all.count == 5)
    #expect(lines.all[1].contains("bad_mac") && lines.all[2].contains("x-wing"))
  }
}
