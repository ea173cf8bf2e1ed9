import ClientEngine
import RTP
import TestKit
import Testing
import WireBytes

@Suite struct StreamReceptionTests {
  private let ssrc = SSRC(77)

  @Test func `loss is reported for the interval and for the whole stream`() {
    var reception = StreamReception(clockRate: 90_000)
    for sequence in 65_536..<(65_536 + 100) where sequence % 10 != 0 {
      reception.received(sequence: Int64(sequence), timestamp: 0, at: milliseconds(UInt64(sequence)))
    }
    // Ten of the hundred numbers are multiples of ten.
    let first = reception.reportBlock(ssrc: ssrc, at: milliseconds(70_000))
    #expect(first.cumulativeLost == Int32(reception.expected - reception.received))
    #expect(first.cumulativeLost == 10)
    #expect(first.fractionLost == 25)
    #expect(first.highestSequence == 99)
    for sequence in 65_636..<65_736 { reception.received(sequence: Int64(sequence), timestamp: 0, at: milliseconds(0)) }
    let second = reception.reportBlock(ssrc: ssrc, at: milliseconds(71_000))
    #expect(second.fractionLost == 0)
    #expect(second.cumulativeLost == 10)
  }

  @Test func `an even stream has no jitter, an uneven one converges on its mean deviation`() {
    var even = StreamReception(clockRate: 48_000)
    var uneven = StreamReception(clockRate: 48_000)
    for index in 0..<1_000 as Range<UInt64> {
      let timestamp = UInt32(index * 960) &+ 0xFFFF_0000
      even.received(sequence: 70_000 + Int64(index), timestamp: timestamp, at: milliseconds(index * 20))
      uneven.received(
        sequence: 70_000 + Int64(index), timestamp: timestamp, at: milliseconds(index * 20 + (index % 2) * 4))
    }
    #expect(even.jitterSeconds < 0.0001)
    // Every second packet is 4 ms late, so each differs from the one before by 4 ms (RFC 3550 appendix A.8).
    #expect(abs(uneven.jitterSeconds - 0.004) < 0.0002)
  }

  @Test func `a report names the last sender report and how long ago it came`() {
    var reception = StreamReception(clockRate: 48_000)
    reception.received(sequence: 70_000, timestamp: 0, at: milliseconds(0))
    #expect(reception.reportBlock(ssrc: ssrc, at: milliseconds(1)).lastSR == 0)
    reception.senderReport(ntp: 0x1122_3344_5566_7788, at: milliseconds(500))
    let block = reception.reportBlock(ssrc: ssrc, at: milliseconds(2_000))
    #expect(block.ssrc == ssrc)
    #expect(block.lastSR == 0x3344_5566)
    #expect(block.delaySinceLastSR == 98_304)
  }
}
