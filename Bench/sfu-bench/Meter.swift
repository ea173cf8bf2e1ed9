import CRuntimeCounters

/// A piece of the packet path to measure.
struct Workload {
  /// Makes the input of the next `count` units; not measured.
  var prepare: (Int) throws -> Void = { _ in }
  /// Works `count` units off.
  let run: (Int) -> Void
  /// Checks and clears away what the units gave; not measured.
  var finish: (Int) throws -> Void = { _ in }
}

/// Measures workloads: CPU time and heap requests over many rounds, instructions over few units.
struct Meter {
  /// Whether this machine can trace instructions.
  let traces: Bool

  init() {
    _ = runtime_counters_install()
    traces = runtime_trace_install() == 1
  }

  /// `units` in each round, of which the median counts; instructions over `traced` units, none for 0.
  func measure(_ workload: Workload, units: Int, rounds: Int, traced: Int = 2) throws -> Cost {
    for _ in 0..<max(3, rounds / 10) { try round(workload, units) }
    var times: [Double] = []
    var (allocations, mallocs) = (UInt64(0), UInt64(0))
    for _ in 0..<rounds {
      try workload.prepare(units)
      let (a, m) = (runtime_counters_swift_allocations(), runtime_counters_mallocs())
      let start = CPUClock.nanoseconds()
      workload.run(units)
      times.append(Double(CPUClock.nanoseconds() - start) / Double(units))
      allocations += runtime_counters_swift_allocations() - a
      mallocs += runtime_counters_mallocs() - m
      try workload.finish(units)
    }
    times.sort()
    let total = Double(units * rounds)
    var cost = Cost(
      nanoseconds: times[times.count / 2], swiftAllocations: Double(allocations) / total,
      mallocs: Double(mallocs) / total)
    if traces, traced > 0 {
      // The difference between two lengths: what a call costs by itself is no part of a unit's cost.
      let short = try trace(workload, traced)
      let long = try trace(workload, 2 * traced)
      cost.trace = Cost.Trace.combine(long, short) { ($0 - $1) / Double(traced) }
    }
    return cost
  }

  private func round(_ workload: Workload, _ units: Int) throws {
    try workload.prepare(units)
    workload.run(units)
    try workload.finish(units)
  }

  private func trace(_ workload: Workload, _ units: Int) throws -> Cost.Trace {
    try workload.prepare(units)
    runtime_trace_begin()
    workload.run(units)
    let counted = runtime_trace_end()
    try workload.finish(units)
    return Cost.Trace(counted)
  }

  /// The places that the latest trace saw retains, exclusivity checks and locks called from.
  static func sites() -> [String] {
    var lines: [String] = []
    var (symbol, offset, count) = unsafe (UnsafePointer<CChar>?.none, UInt64(0), UInt64(0))
    while unsafe runtime_trace_site(CInt(lines.count), &symbol, &offset, &count) == 1 {
      let name = unsafe symbol.map { unsafe String(cString: $0) } ?? "?"
      lines.append("\(count) x \(name)+0x\(String(offset, radix: 16))")
    }
    return lines
  }

  /// Nil when the counters see what is known to happen; else which of them does not.
  func blindness() -> String? {
    let before = runtime_counters_swift_allocations()
    let probe = [UInt8](repeating: 1, count: Int.random(in: 100...200))
    guard probe.count >= 100, runtime_counters_swift_allocations() > before else { return "a Swift allocation" }
    guard traces else { return nil }
    let object = ProbeObject()
    runtime_trace_begin()
    ProbeObject.share(object, times: 7)
    runtime_trace_probe_locks(5)
    let seen = runtime_trace_end()
    guard seen.retains >= 7 else { return "a retain" }
    guard seen.locks >= 5 else { return "a lock" }
    guard seen.instructions >= 100 else { return "an instruction" }
    return nil
  }
}

/// Something to retain.
private final class ProbeObject {
  @inline(never)
  static func share(_ object: ProbeObject, times: Int) {
    var holders: [ProbeObject] = []
    for _ in 0..<times { holders.append(object) }
    withExtendedLifetime(holders) {}
  }
}
