import Forwarding
import Testing
import WireBytes

@Suite struct ActiveSpeakersTests {
  /// Runs 20 ms steps; `level` gives each member's level, nil for no packet. Returns what was announced, and when.
  private func run(
    _ speakers: inout ActiveSpeakers, from start: UInt64, to end: UInt64, members: Int, _ level: (Int, UInt64) -> UInt8?
  ) -> [(at: UInt64, ranking: [Int])] {
    var announced: [(at: UInt64, ranking: [Int])] = []
    for now in stride(from: start, to: end, by: 20) {
      for index in 0..<members {
        if let level = level(index, now) { speakers.level(index, dBov: level, at: ms(now)) }
      }
      if speakers.nextDeadline <= ms(now), let ranking = speakers.due(at: ms(now)) { announced.append((now, ranking)) }
    }
    return announced
  }

  @Test func `silence and noise announce nobody and wake nobody`() {
    var speakers = ActiveSpeakers()
    let announced = run(&speakers, from: 1000, to: 5000, members: 4) { index, _ in [127, 90, 70, 60][index] }
    #expect(announced.isEmpty)
    #expect(speakers.nextDeadline == .never)
  }

  @Test func `one who starts is announced soon, and one who stops after the hangover`() {
    var speakers = ActiveSpeakers()
    let announced = run(&speakers, from: 1000, to: 5000, members: 3) { index, now in
      index == 1 && (2000..<3000).contains(now) ? 30 : 127
    }
    #expect(announced.map(\.ranking) == [[1], []])
    #expect((2040...2200).contains(announced[0].at))
    #expect((3700...4200).contains(announced[1].at))
    #expect(speakers.nextDeadline == .never)
  }

  @Test func `a speaker whose packets stop is forgotten as well`() {
    var speakers = ActiveSpeakers()
    let announced = run(&speakers, from: 1000, to: 5000, members: 1) { _, now in now < 2000 ? 30 : nil }
    #expect(announced.map(\.ranking) == [[0], []])
  }

  @Test func `a pause between words is not the end`() {
    var speakers = ActiveSpeakers()
    let announced = run(&speakers, from: 1000, to: 6000, members: 1) { _, now in now % 1000 < 400 ? 30 : 127 }
    #expect(announced.map(\.ranking) == [[0]])
  }

  @Test func `a single click is not speech`() {
    var speakers = ActiveSpeakers()
    let announced = run(&speakers, from: 1000, to: 3000, members: 1) { _, now in now == 1500 ? 0 : 127 }
    #expect(announced.isEmpty)
  }

  @Test func `announcements are 300 ms apart and only for changes`() {
    var speakers = ActiveSpeakers()
    let announced = run(&speakers, from: 1000, to: 20_000, members: 6) { index, now in
      (now / 700 + UInt64(index)) % 6 < 2 ? 20 + UInt8(index) : 127
    }
    #expect(announced.count > 10)
    for (a, b) in zip(announced, announced.dropFirst()) {
      #expect(b.at - a.at >= 300)
      #expect(a.ranking != b.ranking)
    }
  }

  @Test func `the loudest is first, and equals keep their order`() {
    var speakers = ActiveSpeakers()
    let first = run(&speakers, from: 1000, to: 3000, members: 3) { index, _ in [40, 20, 30][index] }
    #expect(first.last?.ranking == [1, 2, 0])
    // Within the margin nothing moves, beyond it the louder passes.
    #expect(run(&speakers, from: 3000, to: 5000, members: 3) { index, _ in [40, 25, 22][index] }.isEmpty)
    let passed = run(&speakers, from: 5000, to: 7000, members: 3) { index, _ in [40, 35, 15][index] }
    #expect(passed.map(\.ranking) == [[2, 1, 0]])
  }

  @Test func `at most eight are named`() {
    var speakers = ActiveSpeakers()
    let announced = run(&speakers, from: 1000, to: 2000, members: 30) { _, _ in 20 }
    #expect(announced.last?.ranking.count == 8)
  }

  @Test func `one who left is not named again`() {
    var speakers = ActiveSpeakers()
    _ = run(&speakers, from: 1000, to: 2000, members: 3) { index, _ in index == 2 ? 127 : 20 }
    speakers.remove(0)
    speakers.remove(7)
    let after = run(&speakers, from: 2000, to: 3000, members: 3) { index, _ in index == 1 ? 20 : nil }
    #expect(after.isEmpty)
  }
}
