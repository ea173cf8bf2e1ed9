import Forwarding
import RTP
import Testing
import WireBytes

@Suite struct ReceptionStatisticsTests {
  private func receive(_ statistics: inout ReceptionStatistics, _ numbers: [UInt16]) {
    for number in numbers {
      statistics.received(sequence: number, timestamp: 0, clockRate: 90_000, bytes: 100, at: ms(0))
    }
  }

  @Test func `before the first packet a report is all zeros`() {
    var statistics = ReceptionStatistics()
    let block = statistics.reportBlock(ssrc: SSRC(1), at: ms(0))
    #expect(block.ssrc == SSRC(1))
    #expect(block.fractionLost == 0 && block.cumulativeLost == 0 && block.highestSequence == 0)
    #expect(block.jitter == 0 && block.lastSR == 0 && block.delaySinceLastSR == 0)
    #expect(statistics.expected == 0 && statistics.lost == 0 && statistics.jitterSeconds == 0)
  }

  /// RFC 3550 A.3: fraction = (lost interval << 8) / expected interval.
  @Test func `two of ten lost is 51 in 256, and the next interval starts afresh`() {
    var statistics = ReceptionStatistics()
    receive(&statistics, [100, 101, 102, 104, 105, 107, 108, 109])
    let block = statistics.reportBlock(ssrc: SSRC(9), at: ms(0))
    #expect(block.fractionLost == 51)
    #expect(block.cumulativeLost == 2)
    #expect(block.highestSequence == 109)
    #expect(statistics.fractionLostOfLastInterval == 0.2)
    #expect(statistics.expected == 10 && statistics.received == 8 && statistics.lost == 2)
    #expect(statistics.bytes == 800)
    receive(&statistics, [110, 111])
    let next = statistics.reportBlock(ssrc: SSRC(9), at: ms(0))
    #expect(next.fractionLost == 0 && next.cumulativeLost == 2)
    #expect(statistics.fractionLostOfLastInterval == 0)
  }

  @Test func `a late packet takes its loss back`() {
    var statistics = ReceptionStatistics()
    receive(&statistics, [1, 3])
    #expect(statistics.reportBlock(ssrc: SSRC(1), at: ms(0)).cumulativeLost == 1)
    receive(&statistics, [2])
    let block = statistics.reportBlock(ssrc: SSRC(1), at: ms(0))
    #expect(block.cumulativeLost == 0 && block.fractionLost == 0)
    #expect(block.highestSequence == 3)
  }

  @Test func `duplicates make the loss negative`() {
    var statistics = ReceptionStatistics()
    receive(&statistics, [1, 1, 1])
    #expect(statistics.reportBlock(ssrc: SSRC(1), at: ms(0)).cumulativeLost == -2)
    #expect(statistics.lost == -2)
  }

  @Test func `wrap-around counts a cycle, a late packet across it does not`() {
    var statistics = ReceptionStatistics()
    receive(&statistics, [65_533, 65_534, 0, 65_535, 1, 2])
    let block = statistics.reportBlock(ssrc: SSRC(1), at: ms(0))
    #expect(block.highestSequence == 0x1_0002)
    #expect(block.cumulativeLost == 0)
    #expect(statistics.expected == 6)
  }

  @Test func `many cycles keep the count exact`() {
    var statistics = ReceptionStatistics()
    for step in 0..<400_000 where step % 10 != 5 { receive(&statistics, [UInt16(truncatingIfNeeded: 40_000 + step)]) }
    #expect(statistics.expected == 400_000)
    #expect(statistics.lost == 40_000)
    #expect(statistics.reportBlock(ssrc: SSRC(1), at: ms(0)).fractionLost == 25)
  }

  @Test func `one wild number is ignored, two in sequence are a restart`() {
    var statistics = ReceptionStatistics()
    receive(&statistics, [10, 11, 30_000, 12])
    #expect(statistics.expected == 3 && statistics.received == 3)
    receive(&statistics, [50_000, 50_001, 50_002])
    // The first of the new numbers was taken for a stray.
    #expect(statistics.reportBlock(ssrc: SSRC(1), at: ms(0)).highestSequence == 50_002)
    #expect(statistics.expected == 5 && statistics.received == 5 && statistics.lost == 0)
  }

  @Test func `the loss of a report stays within 24 bits`() {
    var statistics = ReceptionStatistics()
    var number: UInt16 = 0
    for _ in 0..<3000 {
      receive(&statistics, [number])
      number &+= 2999
    }
    #expect(statistics.lost == 2999 * 2998)
    #expect(statistics.reportBlock(ssrc: SSRC(1), at: ms(0)).cumulativeLost == 0x7F_FFFF)
  }

  /// RFC 3550 A.8 by hand, 8 kHz, packets of 20 ms: the third is 10 ms (80 units) late, the fourth in time again.
  /// Scaled jitter: 0, 0, 80, 80 + 80 - ((80 + 8) >> 4) = 155.
  @Test func `jitter follows the integer algorithm of the RFC`() {
    var statistics = ReceptionStatistics()
    let arrivals: [UInt64] = [1000, 1020, 1050, 1060]
    let expected: [UInt32] = [0, 0, 80 >> 4, 155 >> 4]
    for (index, arrival) in arrivals.enumerated() {
      statistics.received(
        sequence: UInt16(index), timestamp: 0xFFFF_FFFF &+ UInt32(index) * 160, clockRate: 8000, bytes: 160,
        at: ms(arrival))
      #expect(statistics.reportBlock(ssrc: SSRC(1), at: ms(arrival)).jitter == expected[index])
    }
    #expect(abs(statistics.jitterSeconds - 155.0 / 16 / 8000) < 1e-9)
  }

  @Test func `jitter converges on the mean deviation as the formula of section 6_4_1 says`() {
    var statistics = ReceptionStatistics()
    var reference = 0.0
    var lastTransit: Double?
    for index in 0..<5000 {
      let delay = UInt64((index &* 7919) % 13) * 1000
      let arrival = UInt64(index) * 20_000 + delay
      statistics.received(
        sequence: UInt16(truncatingIfNeeded: index), timestamp: UInt32(index) * 960, clockRate: 48_000, bytes: 1,
        at: us(arrival))
      let transit = Double(arrival) * 0.048 - Double(index * 960)
      if let lastTransit { reference += (abs(transit - lastTransit) - reference) / 16 }
      lastTransit = transit
    }
    #expect(abs(statistics.jitterSeconds * 48_000 - reference) < 2)
  }

  @Test func `a new timestamp base is not jitter`() {
    var statistics = ReceptionStatistics()
    for (index, timestamp) in ([0, 3000, 2_000_000_000, 2_000_003_000] as [UInt32]).enumerated() {
      statistics.received(
        sequence: UInt16(index), timestamp: timestamp, clockRate: 90_000, bytes: 1, at: us(UInt64(index) * 33_333))
    }
    #expect(statistics.jitterSeconds < 0.001)
  }

  /// RFC 3550 figure 2: LSR 0xb705:2000 is the middle of NTP 0xb44db705_20000000; DLSR 5.25 s is 0x0005:4000.
  @Test func `last report and delay are those of the RFC's example`() {
    var statistics = ReceptionStatistics()
    statistics.senderReport(ntp: 0xB44D_B705_2000_0000, at: ms(1000))
    let block = statistics.reportBlock(ssrc: SSRC(1), at: ms(6250))
    #expect(block.lastSR == 0xB705_2000)
    #expect(block.delaySinceLastSR == 0x0005_4000)
  }
}
