import ArgumentParser

/// Flags that `bench` and `scale` share.
struct BenchOptions: ParsableArguments {
  @Flag(name: .customLong("no-floor"), help: "Leave the C forwarder out.")
  var noFloor = false
  @Option(help: "Only what has this text in its name, which is its topology and its load, such as `1 to 31, 50,000`.")
  var only: String?
  @Option(help: "File for the report as JSON.")
  var json: String?
  @Flag(help: "Print no progress.")
  var quiet = false

  init() {}

  /// Scenarios with the loads that `--only` names.
  func chosen(of scenarios: [BenchScenario]) -> [BenchScenario] {
    guard let only else { return scenarios }
    return scenarios.compactMap { scenario in
      var chosen = scenario
      chosen.loads = scenario.loads.filter { $0.name(on: scenario.topology).contains(only) }
      return chosen.loads.isEmpty ? nil : chosen
    }
  }

  /// Whether `--only` names something that is not a scenario.
  func includes(_ name: String) -> Bool { only.map { name.contains($0) } ?? true }

  func requireChoice(_ isSome: Bool, of scenarios: [BenchScenario], and extra: String) throws {
    guard !isSome, let only else { return }
    let names = scenarios.map(\.topology.name) + [extra]
    throw CommandError("--only \(only): a part of one of \(names.joined(separator: ", "))")
  }

  /// Whatever keeps the report from being written is found out before anything runs.
  func checkReportFile() throws {
    guard let json else { return }
    if let folder = FileBytes.folder(of: json) { try FileBytes.makeDirectory(folder) }
    try FileBytes.checkWritable(json)
  }

  /// Prints the report, writes it to the file, and fails if it has failures.
  func publish(_ report: BenchReport) throws {
    print(BenchTable.render(report))
    if let json { try FileBytes.write(report.json, to: json) }
    if !report.failures.isEmpty { throw ExitCode(1) }
  }
}
