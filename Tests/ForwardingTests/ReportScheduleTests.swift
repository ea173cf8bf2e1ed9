import Forwarding
import Testing
import WireBytes

@Suite struct ReportScheduleTests {
  private var schedule = ReportSchedule()
  private var now = MonotonicInstant(nanoseconds: 0) + .seconds(1_000)

  /// Lets the schedule run for so many reports; returns the pauses before each, milliseconds, and whether it had sender
  /// reports.
  private mutating func run(_ count: Int, isBusy: Bool) -> [(pause: Double, hasSenderReports: Bool)] {
    (0..<count).map { _ in
      let pause = schedule.next.milliseconds(since: now)
      now = schedule.next
      let hasSenderReports = schedule.takeSenderReports(at: now)
      schedule.reported(at: now, isBusy: isBusy)
      return (pause, hasSenderReports)
    }
  }

  @Test func `nothing is due before media begins`() {
    #expect(schedule.next == .never)
  }

  @Test mutating func `who only listens gets sender reports soon, then ever more seldom, up to every five seconds`() {
    schedule.hasten(at: now)
    let reports = run(6, isBusy: false)
    #expect(reports.map(\.pause) == [200, 1_000, 2_000, 4_000, 5_000, 5_000])
    #expect(reports.count { $0.hasSenderReports } == 6)
  }

  @Test mutating func `who sends gets reports every second, and sender reports in those that are due`() {
    schedule.hasten(at: now)
    let reports = run(14, isBusy: true)
    #expect(reports.map(\.pause) == [200] + [Double](repeating: 1_000, count: 13))
    let places = reports.indices.filter { reports[$0].hasSenderReports }
    #expect(places == [0, 1, 3, 7, 12])
  }

  @Test mutating func `a new source brings a sender report at once and begins the pace anew`() {
    schedule.hasten(at: now)
    _ = run(6, isBusy: false)
    schedule.hasten(at: now)
    let reports = run(3, isBusy: false)
    #expect(reports.map(\.pause) == [200, 1_000, 2_000])
  }

  @Test mutating func `who waits for a silent publisher is woken ever more seldom, at moments that others share`() {
    var pauses: [Double] = []
    for _ in 0..<7 {
      schedule.rest(at: now, waits: true, isLive: false)
      pauses.append(schedule.next.milliseconds(since: now))
      now = schedule.next
    }
    #expect(pauses == [2_000, 4_000, 8_000, 18_000, 16_000, 16_000, 16_000])
    #expect(now.nanoseconds % 4_000_000_000 == 0)
    schedule.rest(at: now, waits: true, isLive: true)
    #expect(schedule.next.milliseconds(since: now) <= 2_500, "packets come: a key frame may as well")
    schedule.rest(at: now, waits: false, isLive: false)
    #expect(schedule.next == .never)
  }

  @Test mutating func `nothing is due for a peer that cannot be reached`() {
    schedule.hasten(at: now)
    schedule.suspend()
    #expect(schedule.next == .never)
  }
}
