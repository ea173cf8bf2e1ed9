import Forwarding
import RTP
import Testing
import WireBytes

@Suite struct SendStatisticsTests {
  private let clock = WallClock(anchor: ms(0), unixNanoseconds: 1_700_000_000_000_000_000)

  @Test func `nothing sent, nothing to report`() {
    #expect(SendStatistics().senderInfo(clock: clock, clockRate: 90_000, at: ms(0)) == nil)
  }

  @Test func `the timestamp is carried forward to the moment of the report`() throws {
    var statistics = SendStatistics()
    statistics.sent(payloadBytes: 1000, timestamp: 0xFFFF_FF00, at: ms(100))
    // More packets of the frame, and a late one, do not move the reference.
    statistics.sent(payloadBytes: 1000, timestamp: 0xFFFF_FF00, at: ms(110))
    statistics.sent(payloadBytes: 500, timestamp: 0xFFFF_0000, at: ms(120))
    let info = try #require(statistics.senderInfo(clock: clock, clockRate: 90_000, at: ms(150)))
    #expect(info.rtpTimestamp == 0xFFFF_FF00 &+ 4500)
    #expect(info.ntp == clock.ntp(at: ms(150)))
    #expect(info.packets == 3)
    #expect(info.octets == 2500)
    statistics.sent(payloadBytes: 1, timestamp: 0xFFFF_FF00 &+ 3000, at: ms(140))
    let next = try #require(statistics.senderInfo(clock: clock, clockRate: 90_000, at: ms(150)))
    #expect(next.rtpTimestamp == 0xFFFF_FF00 &+ 3900)
  }

  @Test func `after a long pause the reference follows the stream whatever its timestamps`() throws {
    var statistics = SendStatistics()
    statistics.sent(payloadBytes: 1, timestamp: 0x9000_0000, at: ms(0))
    statistics.sent(payloadBytes: 1, timestamp: 0x1000, at: ms(60_000))
    let info = try #require(statistics.senderInfo(clock: clock, clockRate: 48_000, at: ms(60_000)))
    #expect(info.rtpTimestamp == 0x1000)
  }
}
