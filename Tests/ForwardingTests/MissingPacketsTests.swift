import Forwarding
import Testing
import WireBytes

@Suite struct MissingPacketsTests {
  @Test func `a stream without holes never asks`() {
    var missing = MissingPackets()
    for step in 0..<70_000 { missing.received(UInt16(truncatingIfNeeded: 65_000 + step), at: ms(UInt64(step))) }
    #expect(missing.nextDeadline == .never)
    #expect(missing.due(at: ms(80_000)).isEmpty)
    #expect(!missing.needsKeyFrame)
  }

  @Test func `packets out of order within 10 ms are not asked for`() {
    var missing = MissingPackets()
    missing.received(65_534, at: ms(0))
    missing.received(1, at: ms(1))
    #expect(missing.pending == 2)
    #expect(missing.nextDeadline == ms(11))
    missing.received(0, at: ms(5))
    missing.received(65_535, at: ms(9))
    #expect(missing.pending == 0)
    #expect(missing.nextDeadline == .never)
    #expect(missing.due(at: ms(20)).isEmpty)
  }

  @Test func `the schedule is 10 ms, then every 40 ms, ten times, and then a key frame`() {
    var missing = MissingPackets()
    missing.received(10, at: ms(0))
    missing.received(12, at: ms(0))
    var asked: [UInt64] = []
    for now in 0...600 where !missing.due(at: ms(UInt64(now))).isEmpty { asked.append(UInt64(now)) }
    #expect(asked == (0..<10).map { 10 + 40 * $0 })
    #expect(missing.needsKeyFrame)
    #expect(missing.pending == 0)
    #expect(missing.nextDeadline == .never)
  }

  @Test func `a longer round trip stretches the schedule, and age ends it`() {
    var missing = MissingPackets()
    missing.roundTripTime = .milliseconds(150)
    missing.received(10, at: ms(0))
    missing.received(12, at: ms(0))
    var asked: [UInt64] = []
    for now in 0...1000 where !missing.due(at: ms(UInt64(now))).isEmpty { asked.append(UInt64(now)) }
    #expect(asked == [10, 160, 310, 460])
    #expect(missing.needsKeyFrame)
  }

  @Test func `each hole has its own schedule and the deadline is the earliest`() {
    var missing = MissingPackets()
    missing.received(0, at: ms(0))
    missing.received(2, at: ms(0))
    missing.received(5, at: ms(7))
    #expect(missing.nextDeadline == ms(10))
    #expect(missing.due(at: ms(10)) == [1])
    #expect(missing.nextDeadline == ms(17))
    #expect(missing.due(at: ms(17)) == [3, 4])
    #expect(missing.nextDeadline == ms(50))
    missing.received(3, at: ms(20))
    #expect(missing.due(at: ms(60)) == [1, 4])
  }

  @Test func `a retransmission stops the requests`() {
    var missing = MissingPackets()
    missing.received(0, at: ms(0))
    missing.received(2, at: ms(0))
    #expect(missing.due(at: ms(10)) == [1])
    missing.received(1, at: ms(30))
    missing.received(1, at: ms(31))
    #expect(missing.due(at: ms(1000)).isEmpty)
    #expect(!missing.needsKeyFrame)
  }

  @Test func `128 holes are held, one more gives all of them up for a key frame`() {
    var missing = MissingPackets()
    missing.received(65_500, at: ms(0))
    missing.received(65_500 &+ 129, at: ms(0))
    #expect(missing.pending == 128)
    #expect(missing.due(at: ms(10)) == (1...128).map { 65_500 &+ $0 })
    #expect(!missing.needsKeyFrame)
    missing.received(65_500 &+ 131, at: ms(11))
    #expect(missing.needsKeyFrame)
    #expect(missing.pending == 0)
    #expect(missing.nextDeadline == ms(11))
    #expect(missing.due(at: ms(11)).isEmpty)
    #expect(missing.nextDeadline == .never)
    missing.needsKeyFrame = false
    missing.received(65_500 &+ 133, at: ms(12))
    #expect(missing.due(at: ms(22)) == [65_500 &+ 132])
  }

  @Test func `a jump asks for a key frame at once`() {
    var missing = MissingPackets()
    missing.received(0, at: ms(0))
    missing.received(20_000, at: ms(1))
    #expect(missing.needsKeyFrame)
    #expect(missing.nextDeadline == ms(1))
  }
}
