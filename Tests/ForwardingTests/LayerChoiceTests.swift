import Forwarding
import Testing
import WireBytes

@Suite struct LayerChoiceTests {
  /// A stream with a packet every 20 ms from the first time to the second.
  private func pulse(_ beats: ClosedRange<UInt64>?) -> StreamPulse {
    var pulse = StreamPulse()
    if let beats {
      for time in stride(from: beats.lowerBound, through: beats.upperBound, by: 20) { pulse.beat(at: ms(time)) }
    }
    return pulse
  }

  private func target(
    wished: Int, present: Int, isNew: Bool = false, _ beats: [ClosedRange<UInt64>?], at now: UInt64
  ) -> Int {
    LayerChoice.target(wished: wished, present: present, isNew: isNew, pulses: beats.map(pulse), at: ms(now))
  }

  @Test func `the wished encoding is the highest that is not too high`() {
    let heights: [Int?] = [180, 360, 720]
    for (limit, expected) in [(1, 0), (179, 0), (180, 0), (359, 0), (360, 1), (719, 1), (720, 2), (9_999, 2), (-5, 0)] {
      #expect(LayerChoice.wished(maxHeight: limit, heights: heights) == expected, "\(limit)")
    }
    #expect(LayerChoice.wished(maxHeight: nil, heights: heights) == 2)
    #expect(LayerChoice.wished(maxHeight: 100, heights: []) == 0)
  }

  @Test func `heights that nobody told follow from the others`() {
    #expect(LayerChoice.wished(maxHeight: 360, heights: [nil, nil, nil]) == 1)
    #expect(LayerChoice.wished(maxHeight: 360, heights: [nil, nil, 1080]) == 0)
    #expect(LayerChoice.wished(maxHeight: 360, heights: [90, nil, nil]) == 2)
    #expect(LayerChoice.wished(maxHeight: 360, heights: [nil, nil, 360]) == 2)
    // Absurd ones neither trap nor overflow.
    #expect(LayerChoice.wished(maxHeight: .max, heights: [65_536, nil, nil]) == 2)
    #expect(LayerChoice.wished(maxHeight: .min, heights: [1, nil, nil]) == 0)
  }

  @Test func `a stream lives for as long as its packets come`() {
    let stream = pulse(1_000...2_000)
    #expect(!StreamPulse().isLive(at: ms(0)))
    #expect(stream.isLive(at: ms(3_000)))
    #expect(!stream.isLive(at: ms(3_001)))
    #expect(stream.isLive(for: .milliseconds(1_000), at: ms(2_000)))
    #expect(!stream.isLive(for: .milliseconds(1_001), at: ms(2_000)))
    var again = stream
    again.beat(at: ms(4_000))
    #expect(!again.isLive(for: .milliseconds(1), at: ms(4_000)))
  }

  @Test func `what comes is kept, what stopped is left for the next lower, then for any other`() {
    #expect(target(wished: 2, present: 2, [0...5_000, 0...5_000, 0...5_000], at: 5_000) == 2)
    #expect(target(wished: 2, present: 2, [0...5_000, 0...5_000, 0...3_900], at: 5_000) == 1)
    #expect(target(wished: 2, present: 2, [0...5_000, 0...3_900, 0...3_900], at: 5_000) == 0)
    #expect(target(wished: 0, present: 0, [0...3_900, 0...5_000, 0...5_000], at: 5_000) == 1)
    #expect(target(wished: 1, present: 1, [nil, nil, 0...5_000], at: 5_000) == 2)
    #expect(target(wished: 2, present: 2, [nil, nil, nil], at: 5_000) == 2)
  }

  @Test func `one that came back is trusted after a second, and a new wish is met at once`() {
    let beats: [ClosedRange<UInt64>?] = [0...5_000, 0...5_000, 4_100...5_000]
    #expect(target(wished: 2, present: 1, beats, at: 5_000) == 1)
    #expect(target(wished: 2, present: 1, isNew: true, beats, at: 5_000) == 2)
    #expect(target(wished: 2, present: 1, [0...5_100, 0...5_100, 4_100...5_100], at: 5_100) == 2)
  }

  @Test func `encodings that begin one after the other are waited for`() {
    #expect(target(wished: 2, present: 2, [4_900...5_000, nil, nil], at: 5_000) == 2)
    #expect(target(wished: 2, present: 2, [4_740...5_000, nil, nil], at: 5_000) == 0)
  }
}
