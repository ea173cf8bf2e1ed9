import ArgumentParser
import E2EKeys
import FoundationEssentials
import Glibc
import WireBytes

/// What a change of keys costs, by the number of members.
@main
struct KeyBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sfu-bench-keys",
    abstract: "Measures bytes, messages and CPU time of a change of keys, for a join and for a leave.",
    discussion: "All members are in this process and the relay delivers at once. CPU time is of the measuring thread.")

  @Option(help: "Numbers of members, separated by commas.")
  var members = "2,8,50,100,200"
  @Option(help: "Joins and leaves measured for each; medians are shown.")
  var rounds = 7
  @Flag(help: "Fail if a join takes more than two messages, at any size.")
  var check = false
  @Option(help: "File for the results as JSON.")
  var json: String?

  /// A wrong flag ends with one line and exit code 2, as with the other binaries.
  static func main() {
    do {
      let command = try parseAsRoot()
      guard let bench = command as? KeyBench else { exit(withError: CleanExit.helpRequest()) }
      try bench.run()
    } catch {
      guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
      print("sfu-bench-keys: \(message(for: error))")
      Glibc.exit(2)
    }
  }

  func validate() throws {
    guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds \(rounds): 1 to 1000 are allowed") }
    guard let sizes, sizes.allSatisfy({ (2...500).contains($0) }) else {
      throw ValidationError("--members \(members): numbers from 2 to 500, separated by commas")
    }
  }

  private var sizes: [Int]? {
    let sizes = members.split(separator: ",").map { Int($0) }
    return sizes.isEmpty || sizes.contains(nil) ? nil : sizes.compactMap { $0 }
  }

  func run() throws {
    var rows: [Row] = []
    print(Row.heading)
    var metrics = KeyMetrics()
    for size in sizes ?? [] {
      let room = KeyRoom()
      try room.fill(to: size - 1)
      var (joins, leaves) = ([Measured](), [Measured]())
      // The first change after filling is not like the others.
      for round in 0...rounds {
        let join = Measured(try room.join())
        let leave = Measured(try room.leave())
        guard round > 0 else { continue }
        joins.append(join)
        leaves.append(leave)
      }
      metrics.merge(room.metrics)
      // A leave from n members leaves n - 1: `size` is how many there are before it, and after a join.
      for (event, results) in [("join", joins), ("leave", leaves)] {
        let row = Row(members: size, event: event, results)
        print(row.text)
        rows.append(row)
      }
    }
    print(Self.operations(metrics))
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(rows).write(to: URL(filePath: json))
    }
    guard check else { return }
    for row in rows where row.event == "join" && row.messages > 2 {
      print("FAILED: a join to \(row.members) members took \(row.messages) messages; 2 are allowed")
      throw ExitCode(1)
    }
  }

  private static func operations(_ metrics: KeyMetrics) -> String {
    let costs = KeyOperation.allCases.compactMap { operation -> String? in
      guard let histogram = metrics.durations[operation], histogram.count > 0 else { return nil }
      return "\(operation.label) \(Row.fixed(Double(histogram.quantile(0.5).nanoseconds) / 1e6)) ms"
    }
    return "\none operation, median: " + costs.joined(separator: ", ")
  }
}

/// One change of keys.
struct Measured {
  let committer: KeyRoom.Cost
  let joiner: KeyRoom.Cost?
  let other: KeyRoom.Cost?

  init(_ costs: (committer: KeyRoom.Cost, joiner: KeyRoom.Cost?, other: KeyRoom.Cost?)) {
    (committer, joiner, other) = costs
  }
}

/// Medians of many changes of one kind.
struct Row: Codable {
  let members: Int
  let event: String
  /// All that the committer sends.
  let messages: Int
  let bytes_sent: Int
  /// By each member that was there before.
  let bytes_received: Int
  let committer_cpu_ms: Double
  let member_cpu_ms: Double
  /// From making its keys to sealing its first frame.
  let joiner_cpu_ms: Double?

  init(members: Int, event: String, _ results: [Measured]) {
    self.members = members
    self.event = event
    func median(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
    func milliseconds(_ costs: [KeyRoom.Cost]) -> Double { median(costs.map { Double($0.cpu) / 1e6 }) }
    messages = Int(median(results.map { Double($0.committer.messages) }))
    bytes_sent = Int(median(results.map { Double($0.committer.bytesSent) }))
    bytes_received = Int(median(results.compactMap(\.other).map { Double($0.bytesReceived) }))
    committer_cpu_ms = milliseconds(results.map(\.committer))
    member_cpu_ms = milliseconds(results.compactMap(\.other))
    let joiners = results.compactMap(\.joiner)
    joiner_cpu_ms = joiners.isEmpty ? nil : milliseconds(joiners)
  }

  static let heading = """
    members  change  messages  bytes sent  bytes each gets  committer CPU ms  other's CPU ms  joiner's CPU ms
    """

  var text: String {
    let cells = [
      (String(members), 7), (event, 8), (String(messages), 10), (String(bytes_sent), 12), (String(bytes_received), 17),
      (Self.fixed(committer_cpu_ms), 18), (Self.fixed(member_cpu_ms), 16),
      (joiner_cpu_ms.map(Self.fixed) ?? "-", 17),
    ]
    return cells.map { String(repeating: " ", count: max(0, $0.1 - $0.0.count)) + $0.0 }.joined()
  }

  static func fixed(_ value: Double) -> String {
    let scaled = Int((value * 100).rounded())
    return "\(scaled / 100).\(scaled % 100 < 10 ? "0" : "")\(scaled % 100)"
  }
}
