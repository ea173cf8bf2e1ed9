import Forwarding
import Testing

@Suite struct FrameNumberRewriterTests {
  @Test func `the first source keeps its numbers`() {
    var rewriter = FrameNumberRewriter()
    rewriter.switchSource(first: 65_534)
    #expect([65_534, 65_535, 0, 1].map { rewriter.rewrite($0) } == [65_534, 65_535, 0, 1])
  }

  @Test(arguments: [0, 1, 4999, 5001, 65_535] as [UInt16])
  func `another source goes on behind the newest frame`(first: UInt16) {
    var rewriter = FrameNumberRewriter()
    #expect(rewriter.rewrite(5000) == 5000)
    #expect(rewriter.rewrite(5002) == 5002)
    #expect(rewriter.rewrite(5001) == 5001)
    rewriter.switchSource(first: first)
    for step in UInt16(0)..<10 { #expect(rewriter.rewrite(first &+ step) == 5003 + step) }
    rewriter.switchSource(first: 7)
    #expect(rewriter.rewrite(7) == 5013)
    #expect(rewriter.rewrite(7) == 5013)
  }

  @Test func `numbers stay monotonic through wrap-around and many switches`() {
    var rewriter = FrameNumberRewriter()
    var expected: UInt16 = 0
    for source in UInt32(0)..<2000 {
      let first = UInt16(truncatingIfNeeded: source &* 40_503)
      rewriter.switchSource(first: first)
      if source == 0 { expected = first }
      for step in UInt16(0)..<50 {
        #expect(rewriter.rewrite(first &+ step) == expected)
        expected &+= 1
      }
    }
  }
}
