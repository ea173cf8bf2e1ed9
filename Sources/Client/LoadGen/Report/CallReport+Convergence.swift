extension CallReport {
  /// How long changes of keys took, from the first word of one to the last member's switch, in milliseconds. Those that
  /// never converged are counted and have no time.
  package struct Convergence: Codable, Sendable {
    package struct Times: Codable, Sendable, Equatable {
      package var count: Int
      package var p50: Double
      package var p95: Double
      package var max: Double

      init(_ rekeys: [RekeyResult]) {
        count = rekeys.count
        var samples = Samples()
        for time in rekeys.compactMap(\.converged_ms) { samples.add(time) }
        let values = samples.percentiles([0.5, 0.95, 1])
        (p50, p95, max) = (values[0], values[1], values[2])
      }
    }

    package var count: Int
    package var p50: Double
    package var p95: Double
    package var max: Double
    package var by_cause: [String: Times]

    package init(_ rekeys: [RekeyResult]) {
      let all = Times(rekeys)
      (count, p50, p95, max) = (all.count, all.p50, all.p95, all.max)
      by_cause = Dictionary(grouping: rekeys, by: \.cause).mapValues { Times($0) }
    }

    var all: Times {
      var times = Times([])
      (times.count, times.p50, times.p95, times.max) = (count, p50, p95, max)
      return times
    }
  }

  /// A join or a leave.
  package struct Change: Codable, Sendable, Equatable {
    package var room: Int
    /// `join` or `leave`.
    package var kind: String
    /// Seconds from the beginning of the measured call.
    package var at_s: Double
  }
}
