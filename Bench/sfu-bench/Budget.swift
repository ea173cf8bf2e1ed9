/// What one unit of a workload may cost. Time is no budget: it depends on the machine and its neighbours.
struct Budget {
  var swiftAllocations: Double?
  var retains: Double?
  var locks: Double?
  /// Outside the cryptographic libraries, whose count depends on what the processor offers.
  var pathInstructions: Double?
  /// Bytes.
  var memory: Double?

  /// The hot path (DESIGN section 3): no heap, no reference counting, no locks.
  static func packet(instructions: Double) -> Budget {
    Budget(swiftAllocations: 0, retains: 0, locks: 0, pathInstructions: instructions)
  }

  /// What is exceeded, in words.
  func excesses(of cost: Cost) -> [String] {
    var found: [String] = []
    func compare(_ value: Double?, _ limit: Double?, _ what: String) {
      guard let value, let limit, value > limit + 0.001 else { return }
      found.append("\(Table.fixed(value)) \(what); the budget is \(Table.fixed(limit))")
    }
    compare(cost.swiftAllocations, swiftAllocations, "Swift heap allocations")
    compare(cost.trace?.retains, retains, "retains")
    compare(cost.trace?.locks, locks, "locks")
    compare(cost.trace?.pathInstructions, pathInstructions, "instructions outside cryptography")
    return found
  }
}
