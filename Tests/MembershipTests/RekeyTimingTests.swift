import Membership
import Testing
import WireBytes

@Suite struct RekeyTimingTests {
  @Test(
    arguments: [
      (members: 0, expected: UInt64(50)), (1, 50), (100, 250), (500, 250),
    ])
  func `the coalescing window is 50 ms for one member and 250 ms from a hundred on`(members: Int, expected: UInt64) {
    #expect(RekeyTiming().coalescing(members: members).milliseconds == expected)
  }

  @Test func `the coalescing window grows steadily with the room`() {
    let windows = (1...100).map { RekeyTiming().coalescing(members: $0) }
    #expect(zip(windows, windows.dropFirst()).allSatisfy { $0 < $1 })
    #expect((64...65).contains(windows[7].milliseconds))
  }

  @Test func `a maximum below the minimum leaves the minimum`() {
    let timing = RekeyTiming(coalesceMin: .milliseconds(80), coalesceMax: .milliseconds(20))
    #expect(timing.coalescing(members: 50) == .milliseconds(80))
  }
}
