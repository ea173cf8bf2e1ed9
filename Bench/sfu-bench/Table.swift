/// One line of the result.
struct Row {
  let group: String
  let name: String
  /// What the cost is of.
  let unit: String
  let cost: Cost
  let excesses: [String]
  /// Where the reference counting and locks of a row over budget come from.
  var sites: [String] = []
}

/// The result as text and as JSON.
enum Table {
  private static let columns = ["ns", "instr.", "of crypto", "Swift mallocs", "mallocs", "retains", "locks", "atomics"]

  static let header = pad("", 54) + columns.map { pad($0, max(9, $0.count + 2), right: true) }.joined()

  static func line(_ row: Row) -> String {
    let trace = row.cost.trace
    let values: [Double?] = [
      row.cost.nanoseconds, trace?.instructions, trace.map { $0.instructions - $0.pathInstructions },
      row.cost.swiftAllocations, row.cost.mallocs, trace?.retains, trace?.locks, trace?.lockedInstructions,
    ]
    let cells = zip(columns, values).map { name, value in
      pad(value.map { fixed($0) } ?? "-", max(9, name.count + 2), right: true)
    }
    return pad("\(row.group): \(row.name), per \(row.unit)", 54) + cells.joined()
  }

  static func json(_ rows: [Row], memory: [MemoryBench.Result]) -> String {
    let lines = rows.map { row in
      var fields = [
        "\"group\": \"\(row.group)\"", "\"name\": \"\(row.name)\"", "\"unit\": \"\(row.unit)\"",
        "\"nanoseconds\": \(row.cost.nanoseconds)", "\"swift_allocations\": \(row.cost.swiftAllocations)",
        "\"mallocs\": \(row.cost.mallocs)",
      ]
      if let trace = row.cost.trace {
        fields += [
          "\"instructions\": \(trace.instructions)", "\"path_instructions\": \(trace.pathInstructions)",
          "\"retains\": \(trace.retains)", "\"releases\": \(trace.releases)",
          "\"exclusivity_checks\": \(trace.exclusivityChecks)", "\"locks\": \(trace.locks)",
          "\"atomic_instructions\": \(trace.lockedInstructions)", "\"system_calls\": \(trace.systemCalls)",
        ]
      }
      fields.append("\"over_budget\": \(!row.excesses.isEmpty)")
      return "    {\(fields.joined(separator: ", "))}"
    }
    let memories = memory.map {
      "    {\"name\": \"\($0.name)\", \"heap_bytes\": \($0.heapBytes), \"resident_bytes\": \($0.residentBytes)}"
    }
    return """
      {
        "costs": [
      \(lines.joined(separator: ",\n"))
        ],
        "memory": [
      \(memories.joined(separator: ",\n"))
        ]
      }

      """
  }

  /// Two digits behind the point for small numbers, none for large ones.
  static func fixed(_ value: Double) -> String {
    guard value.isFinite else { return "inf" }
    if abs(value) >= 100 { return String(Int(value.rounded())) }
    let scaled = Int((abs(value) * 100).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return "\(sign)\(scaled / 100).\(scaled % 100 < 10 ? "0" : "")\(scaled % 100)"
  }

  static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return right ? space + text : text + space
  }
}
