import Testing
import WireBytes

struct HistogramTests {
  @Test func `a value lies in the first bucket that reaches it`() {
    var histogram = Histogram(bounds: [1, 2, 5])
    for value in [0.5, 1, 1.5, 2, 5, 5.1, 100, -3] { histogram.observe(value) }
    #expect(histogram.counts == [3, 2, 1, 2])
    #expect(histogram.count == 8)
    #expect(histogram.sum == 112.1)
  }

  @Test func `a value may count several times`() {
    var histogram = Histogram(bounds: [1])
    histogram.observe(0.5, times: 4)
    histogram.observe(2, times: 0)
    #expect(histogram.counts == [4, 0])
    #expect(histogram.sum == 2)
    #expect(histogram.count == 4)
  }

  @Test func `two histograms add up`() {
    var a = Histogram(bounds: [1, 2])
    a.observe(0.5)
    var b = Histogram(bounds: [1, 2])
    b.observe(1.5)
    b.observe(9)
    a.merge(b)
    #expect(a.counts == [1, 1, 1])
    #expect(a.count == 3)
    #expect(a.sum == 11)
  }

  @Test func `quantiles are upper bounds of buckets`() {
    var histogram = Histogram(bounds: [1, 2, 5])
    #expect(histogram.quantile(0.5) == nil)
    for _ in 0..<90 { histogram.observe(0.5) }
    for _ in 0..<9 { histogram.observe(1.5) }
    histogram.observe(50)
    #expect(histogram.quantile(0) == 1)
    #expect(histogram.quantile(0.5) == 1)
    #expect(histogram.quantile(0.9) == 1)
    #expect(histogram.quantile(0.91) == 2)
    #expect(histogram.quantile(0.99) == 2)
    #expect(histogram.quantile(1) == .infinity)
  }

  @Test(arguments: [Histogram.forwardingBounds, Histogram.controlBounds])
  func `the house's bounds ascend`(bounds: [Double]) {
    #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
    #expect(Histogram(bounds: bounds).counts.count == bounds.count + 1)
  }
}
