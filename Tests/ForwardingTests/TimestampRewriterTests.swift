import Forwarding
import Testing
import WireBytes

@Suite struct TimestampRewriterTests {
  @Test(arguments: [0, 1000, 0x7FFF_FFFF, .max] as [UInt32], [0, 5, 0x8000_0000, .max] as [UInt32])
  func `the stream begins at its first timestamp and keeps distances through wrap-around`(first: UInt32, start: UInt32)
  {
    var rewriter = TimestampRewriter(first: first)
    for frame in UInt32(0)..<100 {
      #expect(rewriter.rewrite(start &+ frame &* 3000) == first &+ frame &* 3000)
    }
    // Out of order and again: the same packet has the same timestamp.
    #expect(rewriter.rewrite(start &+ 3000) == first &+ 3000)
  }

  struct Pause: Sendable {
    let elapsed: TimeInterval, clockRate: UInt32, ticks: UInt32
  }

  @Test(
    arguments: [
      Pause(elapsed: .milliseconds(33), clockRate: 90_000, ticks: 2970),
      Pause(elapsed: .milliseconds(20), clockRate: 48_000, ticks: 960),
      Pause(elapsed: .zero, clockRate: 90_000, ticks: 1),
      Pause(elapsed: .microseconds(1), clockRate: 48_000, ticks: 1),
      Pause(elapsed: .seconds(3600), clockRate: 90_000, ticks: 324_000_000),
      Pause(elapsed: .seconds(50_000), clockRate: 90_000, ticks: UInt32(4_500_000_000 - 4_294_967_296)),
    ])
  func `another source goes on after the time that passed`(pause: Pause) {
    var rewriter = TimestampRewriter(first: 0xFFFF_F000)
    _ = rewriter.rewrite(77)
    let last = rewriter.rewrite(77 + 9000)
    // A late packet does not set the clock back.
    _ = rewriter.rewrite(77 + 6000)
    rewriter.switchSource(firstTimestamp: 123_456, elapsed: pause.elapsed, clockRate: pause.clockRate)
    #expect(rewriter.rewrite(123_456) == last &+ pause.ticks)
    #expect(rewriter.rewrite(123_456 + 3000) == last &+ pause.ticks &+ 3000)
  }

  @Test func `an endless pause does not trap`() {
    var rewriter = TimestampRewriter(first: 0)
    _ = rewriter.rewrite(0)
    let forever = TimeInterval(nanoseconds: .max)
    rewriter.switchSource(firstTimestamp: .max, elapsed: forever, clockRate: .max)
    let first = rewriter.rewrite(.max)
    #expect(rewriter.rewrite(4) == first &+ 5)
  }

  @Test func `the first switch begins at the first timestamp`() {
    var rewriter = TimestampRewriter(first: 42)
    rewriter.switchSource(firstTimestamp: 9, elapsed: .seconds(5), clockRate: 90_000)
    #expect(rewriter.rewrite(9) == 42)
  }
}
