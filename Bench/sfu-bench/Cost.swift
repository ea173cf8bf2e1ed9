import CRuntimeCounters

/// What one unit of work costs: a packet, or one forwarded copy of it.
struct Cost {
  var nanoseconds: Double
  var swiftAllocations: Double
  var mallocs: Double
  /// Counted instruction by instruction; nil where the machine cannot.
  var trace: Trace?

  struct Trace {
    var instructions: Double
    /// Outside libcrypto, libsrtp2 and NSS.
    var pathInstructions: Double
    var retains: Double
    var releases: Double
    var exclusivityChecks: Double
    var locks: Double
    var lockedInstructions: Double
    var systemCalls: Double

    init(_ raw: runtime_trace) {
      instructions = Double(raw.instructions)
      pathInstructions = Double(raw.instructions) - Double(raw.crypto_instructions)
      retains = Double(raw.retains)
      releases = Double(raw.releases)
      exclusivityChecks = Double(raw.exclusivity_checks)
      locks = Double(raw.locks)
      lockedInstructions = Double(raw.locked_instructions)
      systemCalls = Double(raw.system_calls)
    }

    /// Every count combined with its counterpart.
    static func combine(_ a: Self, _ b: Self, _ body: (Double, Double) -> Double) -> Self {
      var result = a
      result.instructions = body(a.instructions, b.instructions)
      result.pathInstructions = body(a.pathInstructions, b.pathInstructions)
      result.retains = body(a.retains, b.retains)
      result.releases = body(a.releases, b.releases)
      result.exclusivityChecks = body(a.exclusivityChecks, b.exclusivityChecks)
      result.locks = body(a.locks, b.locks)
      result.lockedInstructions = body(a.lockedInstructions, b.lockedInstructions)
      result.systemCalls = body(a.systemCalls, b.systemCalls)
      return result
    }
  }

  /// The cost of one of the units by which `self` is larger than `smaller`: `(self - smaller) / difference`.
  func margin(over smaller: Cost, units difference: Double) -> Cost {
    func each(_ a: Double, _ b: Double) -> Double { (a - b) / difference }
    var result = Cost(
      nanoseconds: each(nanoseconds, smaller.nanoseconds),
      swiftAllocations: each(swiftAllocations, smaller.swiftAllocations), mallocs: each(mallocs, smaller.mallocs))
    if let trace, let other = smaller.trace { result.trace = Trace.combine(trace, other, each) }
    return result
  }

  func multiplied(by units: Double) -> Cost { divided(by: 1 / units) }

  func divided(by units: Double) -> Cost {
    let nothing = Cost(
      nanoseconds: 0, swiftAllocations: 0, mallocs: 0, trace: trace.map { _ in Trace(runtime_trace()) })
    return margin(over: nothing, units: units)
  }
}
