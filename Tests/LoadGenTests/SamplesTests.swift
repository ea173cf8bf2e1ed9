import LoadGen
import Testing

@Suite struct SamplesTests {
  @Test("percentiles are those of nearest rank, whatever the order")
  func nearestRank() {
    var samples = Samples()
    for value in (1...100).reversed() { samples.add(Double(value)) }
    #expect(samples.percentiles([0, 0.5, 0.95, 0.99, 1]) == [1, 50, 95, 99, 100])
    #expect(samples.percentile(0.501) == 51)
    #expect(samples.minimum == 1 && samples.count == 100)
  }

  @Test("nothing measured is 0, one value is every percentile")
  func small() {
    var samples = Samples()
    #expect(samples.isEmpty && samples.percentile(0.5) == 0 && samples.minimum == 0)
    samples.add(7)
    #expect(samples.percentiles([0, 0.5, 0.99]) == [7, 7, 7] && !samples.isEmpty)
  }

  @Test("a million measurements are thinned evenly: the count holds, and so do the percentiles")
  func thinning() {
    var samples = Samples()
    for value in 0..<1_000_000 { samples.add(Double(value)) }
    #expect((990_000...1_000_000).contains(samples.count))
    #expect(abs(samples.percentile(0.5) - 500_000) < 5_000)
    #expect(abs(samples.percentile(0.99) - 990_000) < 5_000)
  }

  @Test("a thinned set weighs as much as it stands for when another takes it over")
  func merging() {
    var (large, small) = (Samples(), Samples())
    for _ in 0..<600_000 { large.add(1) }
    for _ in 0..<150_000 { small.add(2) }
    var merged = small
    merged.add(large)
    #expect(abs(merged.count - 750_000) < 10_000)
    #expect(merged.percentile(0.75) == 1)
    #expect(merged.percentile(0.85) == 2)
    var other = large
    other.add(small)
    #expect(other.percentile(0.75) == 1 && other.percentile(0.85) == 2)
  }
}
