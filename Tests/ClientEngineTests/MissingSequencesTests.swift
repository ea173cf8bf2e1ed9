import ClientEngine
import Testing
import WireBytes

@Suite struct MissingSequencesTests {
  private let roundTrip = TimeInterval.milliseconds(60)

  @Test func `a missing packet is asked for after the reordering time, and again after each round trip`() {
    var missing = MissingSequences()
    for sequence in [70_000, 70_001, 70_004] as [Int64] { missing.received(sequence, at: milliseconds(100)) }
    #expect(missing.nextDeadline == milliseconds(110))
    #expect(missing.due(at: milliseconds(109), roundTrip: roundTrip).isEmpty)
    #expect(missing.due(at: milliseconds(110), roundTrip: roundTrip) == [4_466, 4_467])
    #expect(missing.due(at: milliseconds(169), roundTrip: roundTrip).isEmpty)
    missing.received(70_002, at: milliseconds(169))
    #expect(missing.due(at: milliseconds(170), roundTrip: roundTrip) == [4_467])
    missing.received(70_003, at: milliseconds(171))
    #expect(missing.count == 0)
    #expect(missing.nextDeadline == .never)
  }

  @Test func `reordered packets are never asked for`() {
    var missing = MissingSequences()
    for (index, sequence) in ([5, 7, 6, 10, 9, 8, 11] as [Int64]).enumerated() {
      let now = milliseconds(UInt64(index) * 2)
      missing.received(sequence, at: now)
      #expect(missing.due(at: now, roundTrip: roundTrip).isEmpty)
    }
    #expect(missing.count == 0)
  }

  @Test func `asking ends when nobody can use the packet any more`() {
    var missing = MissingSequences()
    missing.received(1, at: milliseconds(0))
    missing.received(3, at: milliseconds(0))
    var requests = 0
    for time in 0..<2_000 as Range<UInt64> {
      requests += missing.due(at: milliseconds(time), roundTrip: .milliseconds(1)).count
    }
    #expect(requests == 10)
    #expect(missing.count == 0)
    #expect(missing.nextDeadline == .never)
  }

  @Test func `a pause of the sender is no loss`() {
    var missing = MissingSequences()
    missing.received(1, at: milliseconds(0))
    missing.received(5_000, at: milliseconds(0))
    #expect(missing.count == 0)
    missing.received(5_002, at: milliseconds(1))
    #expect(missing.count == 1)
  }

  @Test func `what was given up is not asked for`() {
    var missing = MissingSequences()
    missing.received(1, at: milliseconds(0))
    missing.received(10, at: milliseconds(0))
    missing.forget(before: 8)
    #expect(missing.due(at: milliseconds(50), roundTrip: roundTrip) == [8, 9])
    missing.forgetAll()
    #expect(missing.due(at: milliseconds(500), roundTrip: roundTrip).isEmpty)
  }
}
