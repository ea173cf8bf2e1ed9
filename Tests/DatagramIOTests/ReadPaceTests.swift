import DatagramIO
import Testing
import WireBytes

@Suite struct ReadPaceTests {
  private func at(microseconds: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: microseconds * 1_000) }

  /// Reads at a steady rate for 30 ms from `start`, and returns the changes of mode on the way.
  private func run(_ pace: inout ReadPace, readsPerSecond: UInt64, from start: UInt64) -> [ReadPace.Switch] {
    let step = 1_000_000 / readsPerSecond
    return stride(from: start, to: start + 30_000, by: UInt64.Stride(step)).compactMap { time in
      pace.read(1, at: at(microseconds: time))
      if pace.isPolling { pace.polled(at: at(microseconds: time)) }
      return pace.takeSwitch(at: at(microseconds: time))
    }
  }

  @Test("readiness decides while it is quiet")
  func quiet() {
    var pace = ReadPace(.adaptive(interval: .microseconds(500), busyRate: 2_500))
    #expect(run(&pace, readsPerSecond: 2_000, from: 100_000).isEmpty)
    #expect(!pace.isPolling)
    #expect(pace.nextRead == .never)
  }

  @Test("above the busy rate reading goes on a tick, and below half of it back to readiness")
  func adaptive() {
    var pace = ReadPace(.adaptive(interval: .microseconds(500), busyRate: 2_500))
    #expect(run(&pace, readsPerSecond: 5_000, from: 100_000) == [.startPolling])
    #expect(pace.isPolling)
    #expect(pace.nextRead <= at(microseconds: 130_500))
    #expect(run(&pace, readsPerSecond: 2_000, from: 130_000).isEmpty, "between the two rates nothing changes")
    #expect(run(&pace, readsPerSecond: 500, from: 160_000) == [.stopPolling])
    #expect(pace.nextRead == .never)
  }

  @Test("packets that come in bursts count as often as they would wake the reader")
  func bursts() {
    var pace = ReadPace(.adaptive(interval: .microseconds(500), busyRate: 2_500))
    _ = run(&pace, readsPerSecond: 5_000, from: 100_000)
    #expect(pace.isPolling)
    // 1,000 bursts a second of 8 packets, found by 2,000 ticks.
    var switches: [ReadPace.Switch] = []
    for (tick, time) in stride(from: UInt64(130_000), to: 160_000, by: 500).enumerated() {
      pace.read(tick.isMultiple(of: 2) ? 8 : 0, at: at(microseconds: time))
      pace.polled(at: at(microseconds: time))
      if let change = pace.takeSwitch(at: at(microseconds: time)) { switches.append(change) }
    }
    #expect(switches.first == .stopPolling)
  }

  @Test("a fixed pace keeps to the grid of its interval, so that many loops wake together")
  func grid() {
    var pace = ReadPace(.every(.milliseconds(4)))
    #expect(pace.isPolling)
    pace.polled(at: at(microseconds: 9_001))
    #expect(pace.nextRead == at(microseconds: 12_000))
    pace.polled(at: at(microseconds: 12_000))
    #expect(pace.nextRead == at(microseconds: 16_000))
    #expect(pace.takeSwitch(at: at(microseconds: 90_000)) == nil)
  }

  @Test("immediate reading never polls")
  func immediate() {
    var pace = ReadPace(.immediate)
    #expect(run(&pace, readsPerSecond: 100_000, from: 0).isEmpty)
    #expect(!pace.isPolling)
  }
}
