import Forwarding
import TestKit
import Testing
import WireBytes

@Suite struct SequenceRewriterTests {
  /// Rewrites each number in turn.
  private func run(_ rewriter: inout SequenceRewriter, _ numbers: [UInt16]) -> [UInt16?] {
    numbers.map { rewriter.rewrite($0) }
  }

  struct Wrap: Sendable {
    let first: UInt16, source: UInt16
  }

  @Test(
    arguments: [
      Wrap(first: 0, source: 0), Wrap(first: 100, source: 65_530), Wrap(first: 65_530, source: 100),
      Wrap(first: 65_535, source: 65_535), Wrap(first: 0x7FFF, source: 0x8000), Wrap(first: 0, source: 65_535),
    ])
  func `the stream begins at its first number and counts through wrap-around of either side`(wrap: Wrap) {
    var rewriter = SequenceRewriter(first: wrap.first)
    for step in 0..<UInt32(140_000) {
      let step = UInt16(truncatingIfNeeded: step)
      #expect(rewriter.rewrite(wrap.source &+ step) == wrap.first &+ step)
    }
  }

  @Test func `a loss stays a gap and a late packet fills it`() {
    var rewriter = SequenceRewriter(first: 1000)
    #expect(run(&rewriter, [65_533, 65_534, 2, 65_535, 1, 0, 3]) == [1000, 1001, 1005, 1002, 1004, 1003, 1006])
  }

  @Test func `a dropped packet leaves no gap`() {
    var rewriter = SequenceRewriter(first: 10)
    #expect(rewriter.rewrite(65_534) == 10)
    rewriter.drop(65_535)
    rewriter.drop(0)
    #expect(rewriter.rewrite(1) == 11)
    rewriter.drop(2)
    #expect(run(&rewriter, [3, 4]) == [12, 13])
  }

  @Test func `a packet late across drops gets the number left for it`() {
    var rewriter = SequenceRewriter(first: 100)
    #expect(rewriter.rewrite(10) == 100)
    // 11 is late, 12 is dropped, 13 is late, 14 is dropped.
    rewriter.drop(12)
    rewriter.drop(14)
    #expect(rewriter.rewrite(15) == 103)
    #expect(rewriter.rewrite(13) == 102)
    #expect(rewriter.rewrite(11) == 101)
    #expect(run(&rewriter, [12, 14]) == [nil, nil])
    #expect(rewriter.rewrite(16) == 104)
  }

  @Test func `a late drop changes nothing`() {
    var rewriter = SequenceRewriter(first: 100)
    #expect(run(&rewriter, [10, 12]) == [100, 102])
    rewriter.drop(11)
    rewriter.drop(12)
    #expect(rewriter.rewrite(13) == 103)
  }

  @Test func `dropping a number twice closes one gap`() {
    var rewriter = SequenceRewriter(first: 100)
    #expect(rewriter.rewrite(10) == 100)
    rewriter.drop(11)
    rewriter.drop(11)
    #expect(rewriter.rewrite(12) == 101)
  }

  @Test func `drops before the first packet count for nothing`() {
    var rewriter = SequenceRewriter(first: 100)
    rewriter.drop(9)
    #expect(rewriter.rewrite(10) == 100)
  }

  @Test func `no number is given out twice`() {
    var rewriter = SequenceRewriter(first: 0)
    #expect(run(&rewriter, [5, 5, 6, 8, 7, 7, 5, 6]) == [0, nil, 1, 3, 2, nil, nil, nil])
  }

  @Test func `a packet older than the window gets no number`() {
    var rewriter = SequenceRewriter(first: 0)
    #expect(rewriter.rewrite(0) == 0)
    #expect(rewriter.rewrite(600) == 600)
    #expect(rewriter.rewrite(89) == 89)
    #expect(rewriter.rewrite(88) == nil)
    #expect(rewriter.rewrite(1) == nil)
  }

  @Test func `a packet from before the stream's first gets no number`() {
    var rewriter = SequenceRewriter(first: 0)
    #expect(run(&rewriter, [10, 9, 65_535, 11]) == [0, nil, nil, 1])
  }

  @Test(arguments: [0, 1, 499, 40_000, 65_535] as [UInt16])
  func `another source goes on behind the newest number sent`(first: UInt16) {
    var rewriter = SequenceRewriter(first: 65_530)
    #expect(run(&rewriter, [500, 501, 503]) == [65_530, 65_531, 65_533])
    rewriter.switchSource(firstSequence: first)
    #expect(rewriter.rewrite(first) == 65_534)
    #expect(rewriter.rewrite(first &+ 2) == 0)
    #expect(rewriter.rewrite(first &+ 1) == 65_535)
    // From before the switch: another packet has, or may have, the number.
    #expect(rewriter.rewrite(first &- 1) == nil)
    #expect(rewriter.rewrite(first &- 2) == nil)
  }

  @Test func `drops before a switch do not reach behind it`() {
    var rewriter = SequenceRewriter(first: 0)
    #expect(rewriter.rewrite(10) == 0)
    rewriter.drop(11)
    rewriter.drop(12)
    rewriter.switchSource(firstSequence: 9)
    #expect(run(&rewriter, [9, 12, 11, 10]) == [1, 4, 3, 2])
  }

  @Test func `a switch and a switch back without a packet between leaves no gap`() {
    var rewriter = SequenceRewriter(first: 7)
    #expect(rewriter.rewrite(1) == 7)
    rewriter.switchSource(firstSequence: 9000)
    rewriter.switchSource(firstSequence: 2)
    #expect(rewriter.rewrite(2) == 8)
  }

  /// Against a model that knows the whole history.
  @Test(arguments: [11, 12, 13, 14] as [UInt64])
  func `random order, losses and drops give each packet its place`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var rewriter = SequenceRewriter(first: UInt16.random(in: .min ... .max, using: &random))
    let start = UInt16.random(in: .min ... .max, using: &random)
    var fates: [(sequence: UInt16, isDropped: Bool)] = [(start, false)]
    for step in 1..<UInt32(90_000) {
      fates.append((start &+ UInt16(truncatingIfNeeded: step), Int.random(in: 0..<4, using: &random) == 0))
    }
    // The model: place in the outgoing stream is the count of packets before it that are not dropped.
    var model: [UInt16] = []
    var place: UInt16 = 0
    for fate in fates {
      model.append(place)
      if !fate.isDropped { place &+= 1 }
    }
    let base = rewriter.rewrite(start)
    var delayed: [Int] = []
    var (arrived, newest) = (0, 0)
    for index in 1..<fates.count {
      if fates[index].isDropped {
        rewriter.drop(fates[index].sequence)
        newest = index
      } else if Int.random(in: 0..<10, using: &random) == 0 {
        delayed.append(index)
      } else {
        #expect(rewriter.rewrite(fates[index].sequence) == base.map { $0 &+ model[index] })
        arrived += 1
        newest = index
      }
      if delayed.count > 5 {
        let late = delayed.remove(at: Int.random(in: 0..<delayed.count, using: &random))
        let expected = newest - late < 512 ? base.map { $0 &+ model[late] } : nil
        #expect(rewriter.rewrite(fates[late].sequence) == expected)
        #expect(rewriter.rewrite(fates[late].sequence) == nil)
      }
    }
    #expect(arrived > 50_000)
  }
}
