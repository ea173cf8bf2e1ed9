import ArgumentParser
import E2EKeys
import LoadGen
import Testing
import WireBytes

@Suite struct TalkFloorTests {
  private let start = Audited.at(5_000)

  private func talking(_ floor: TalkFloor, _ seats: Int, at milliseconds: UInt64) -> [Int] {
    (0..<seats).filter { floor.isTalking($0, at: Audited.at(5_000 + milliseconds)) }
  }

  @Test(arguments: [(16, 100, 60), (16, 101, 60), (1, 40, 10), (3, 4, 5), (20, 33, 1)])
  func `as many as wanted talk at any time, and everyone does within the call`(
    _ talkers: Int, _ seats: Int, _ seconds: UInt64
  ) {
    let floor = TalkFloor(talkers: talkers, seats: seats, duration: .seconds(seconds), at: start)
    var heard: Set<Int> = []
    for moment in stride(from: UInt64(0), to: max(seconds, 20) * 1_000, by: 37) {
      let now = talking(floor, seats, at: moment)
      #expect((talkers - 1...talkers + 1).contains(now.count), "\(now.count) at \(moment)")
      heard.formUnion(now)
    }
    #expect(heard.count == seats)
    #expect(!floor.isOpen)
  }

  @Test func `turns last five seconds where the call is long enough`() {
    let floor = TalkFloor(talkers: 16, seats: 100, duration: .seconds(600), at: start)
    let turns = stride(from: UInt64(0), to: 31_250, by: 10).filter { floor.isTalking(7, at: Audited.at(5_000 + $0)) }
    #expect((498...502).contains(turns.count))
  }

  @Test func `when there are as many talkers as seats everyone talks all the time`() {
    let floor = TalkFloor(talkers: 9, seats: 9, duration: .seconds(30), at: start)
    #expect(floor.isOpen && talking(floor, 9, at: 777).count == 9)
  }

  @Test func `a seat that was left goes to the next who comes`() {
    let floor = TalkFloor(talkers: 1, seats: 4, duration: .seconds(30), at: start)
    #expect((0..<4).map { floor.take($0) } == [0, 1, 2, 3])
    floor.leave(1)
    #expect(floor.take(4) == 1 && floor.take(5) == 4)
    #expect([true, false].contains(floor.isTalking(4, at: start)))
  }

  @Test func `small rooms hear everyone, larger ones four, unless told otherwise`() throws {
    func talkers(_ arguments: [String]) throws -> Int {
      try CallCommand.parse(arguments + ["--no-video"]).scenario().talkers
    }
    #expect(try talkers([]) == 8 && talkers(["--participants", "32"]) == 32)
    #expect(try talkers(["--participants", "33"]) == 4 && talkers(["--participants", "100"]) == 4)
    #expect(try talkers(["--participants", "50", "--talkers", "50"]) == 50)
    #expect(try talkers(["--talkers", "1"]) == 1)
  }
}

@Suite struct SpeechSourceTests {
  @Test func `silence is a few packets and then one about every 400 ms`() throws {
    let silence = try #require(SilenceClip())
    let gaps = silence.steps.map(\.intervals)
    #expect(gaps.prefix(9).allSatisfy { $0 == 1 } && gaps.dropFirst(9).allSatisfy { (19...22).contains($0) })
    #expect(silence.steps.allSatisfy { $0.packet.count > 2 }, "shorter ones are not sent")
    #expect(silence.loopStart >= 1 && silence.loopStart < silence.steps.count)
    let decoder = try #require(OpusDecoder48k())
    for step in silence.steps {
      let samples = try #require(decoder.decode(step.packet))
      #expect(samples.count == 960 && samples.allSatisfy { abs(Int($0)) < 50 })
    }
  }

  @Test func `speech goes on where it stopped, and silence begins anew each time`() throws {
    let clip = try #require(AudioClip(samples: SpeechGenerator.samples(seconds: 1, seed: 3)))
    let silence = try #require(SilenceClip())
    var source = SpeechSource(clip, silence: silence, offset: 48)
    let spoken = (0..<4).map { _ in source.next(isTalking: true) }
    #expect(spoken.map(\.packet) == [48, 49, 0, 1].map { clip.packets[$0] })
    #expect(spoken.allSatisfy { $0.intervals == 1 } && spoken[0].level == clip.levels[48])
    for turn in 0..<2 {
      let quiet = (0..<100).map { _ in source.next(isTalking: false) }
      #expect(quiet[0].packet == silence.steps[0].packet && quiet.allSatisfy { $0.level == 127 })
      #expect(quiet.map(\.intervals).reduce(0, +) > 1_500, "it repeats without an end")
      #expect(source.next(isTalking: true).packet == clip.packets[2 + turn])
    }
  }

  @Test func `where everyone talks there is no silence`() throws {
    let clip = try #require(AudioClip(samples: SpeechGenerator.samples(seconds: 1, seed: 3)))
    var source = SpeechSource(clip, silence: nil, offset: 0)
    #expect(source.next(isTalking: false).packet == clip.packets[0])
  }
}
