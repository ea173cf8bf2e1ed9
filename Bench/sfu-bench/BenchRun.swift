import Glibc
import SRTP

/// Runs the benchmarks, prints one table and writes it as JSON.
struct BenchRun {
  static let groups = ["parse", "rewrite", "protect", "fan-out", "sockets", "memory"]

  private let meter = Meter()
  private let only: String?
  private var rows: [Row] = []
  private var failures: [String] = []

  private init(only: String?) { self.only = only }

  private func runs(_ group: String) -> Bool { only == nil || only == group }

  static func main(_ arguments: [String]) {
    let options: Options
    do throws(Options.Mistake) {
      options = try Options(arguments)
    } catch {
      let line = Array("sfu-bench: \(error.line)\n".utf8)
      _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      exit(2)
    }
    if options.help {
      print(Options.usage)
      exit(0)
    }
    let reference = ProtectBench.warmUp()
    defer { withExtendedLifetime(reference) {} }
    var run = BenchRun(only: options.only)
    if let blindness = run.meter.blindness() {
      print("sfu-bench: \(blindness) went uncounted, so a count of none would mean nothing")
      exit(1)
    }
    if !run.meter.traces {
      print("instructions, retains and locks cannot be counted on this machine; their budgets are not checked")
    }
    // First: what others gave back to the heap would hide what a subscriber adds to the resident set.
    let memory = run.runs("memory") ? run.memory() : []
    print(Table.header)
    run.headers()
    if run.runs("protect") { run.protection() }
    if run.runs("fan-out") { run.fanOut() }
    if run.runs("sockets") { run.sockets() }
    if let file = options.json, !write(Table.json(run.rows, memory: memory), to: file) {
      print("sfu-bench: cannot write \(file)")
      exit(1)
    }
    for failure in run.failures { print("FAILED: \(failure)") }
    if options.check, !run.failures.isEmpty { exit(1) }
  }

  private mutating func headers() {
    note("parse", "header, extensions, descriptor", "packet", .packet(instructions: Budgets.parse)) {
      try HeaderBench.parse(meter: $0)
    }
    note("rewrite", "numbers, header, extensions", "copy", .packet(instructions: Budgets.rewrite)) {
      try HeaderBench.rewrite(meter: $0)
    }
  }

  /// Without Intel's Multi-Buffer library, what is standard is OpenSSL's.
  private static var implementations: [SRTPImplementation] {
    SRTPImplementation.allCases.filter { $0 != .standard || SRTPImplementation.hasMultiBuffer }
  }

  private static func library(_ implementation: SRTPImplementation) -> String {
    switch implementation {
    case .standard: "IPSec-MB"
    case .openSSL: "EVP"
    case .libsrtp: "libsrtp2"
    }
  }

  private mutating func protection() {
    for profile in SRTPProfile.allCases {
      for bytes in [120, 1_200] {
        for implementation in Self.implementations where profile.isAEAD || implementation == .libsrtp {
          let isOurs = implementation != .libsrtp
          let bench = ProtectBench(profile: profile, implementation: implementation, packetBytes: bytes)
          let name = "\(profile.name), \(bytes) B, \(Self.library(implementation))"
          let budget = isOurs ? Budget.packet(instructions: Budgets.protect) : Budget(swiftAllocations: 0)
          note("protect", name, "packet", budget) { try bench.protect(meter: $0) }
          guard bytes == 1_200, profile != .aeadAES256GCM else { continue }
          note("unprotect", name, "packet", budget) { try bench.unprotect(meter: $0) }
        }
      }
    }
    for implementation in Self.implementations {
      let bench = ProtectBench(
        profile: .aeadAES128GCM, implementation: implementation, packetBytes: 1_200, streams: 100)
      note("protect", "100 streams, \(Self.library(implementation))", "packet", Budget()) {
        try bench.protect(meter: $0)
      }
    }
  }

  private mutating func fanOut() {
    var counted: [Int: Cost] = [:]
    for bytes in [120, 1_200] {
      for subscribers in FanOutBench.fanOuts {
        // Every instruction of a long packet's encryption is a step of the trace: the short one's will do.
        let traced = bytes == 120 && [8, 32].contains(subscribers) ? 1 : 0
        let name = "1 to \(subscribers), \(bytes) B"
        let cost = note("fan-out", name, "copy", Budget(swiftAllocations: 0)) {
          try FanOutBench.run(subscribers: subscribers, packetBytes: bytes, meter: $0, traced: traced)
        }
        if bytes == 120 { counted[subscribers] = cost }
      }
    }
    for subscribers in [8, 32] {
      let name = "1 to \(subscribers), 1200 B, caches cold at each burst of \(FanOutBench.burst)"
      note("fan-out", name, "copy", Budget(swiftAllocations: 0)) {
        try FanOutBench.run(subscribers: subscribers, packetBytes: 1_200, isCold: true, meter: $0)
      }
    }
    if let few = counted[8], let many = counted[32] {
      note("fan-out", "each further copy (8 to 32), 120 B", "copy", .packet(instructions: Budgets.copy)) { _ in
        many.multiplied(by: 32).margin(over: few.multiplied(by: 8), units: 24)
      }
    }
  }

  private mutating func sockets() {
    for subscribers in [8, 32] {
      let name = "1 to \(subscribers), 1200 B, bursts of \(SocketBench.burst)"
      note("sockets", name, "copy", Budget(swiftAllocations: 0)) {
        try SocketBench(subscribers: subscribers, packetBytes: 1_200).run(meter: $0)
      }
    }
  }

  private mutating func memory() -> [MemoryBench.Result] {
    do {
      let result = try MemoryBench.subscribers(100, seconds: 10)
      print("memory: \(result.name): \(result.heapBytes) bytes of heap, \(result.residentBytes) bytes resident")
      if result.heapBytes > Budgets.memory {
        failures.append("\(result.name): \(result.heapBytes) bytes; the budget is \(Budgets.memory)")
      }
      return [result]
    } catch {
      failures.append("memory: \(error)")
      return []
    }
  }

  @discardableResult
  private mutating func note(
    _ group: String, _ name: String, _ unit: String, _ budget: Budget, _ body: (Meter) throws -> Cost
  ) -> Cost? {
    guard runs(group) else { return nil }
    do {
      let cost = try body(meter)
      let row = Row(group: group, name: name, unit: unit, cost: cost, excesses: budget.excesses(of: cost))
      print(Table.line(row))
      for excess in row.excesses { failures.append("\(group): \(name): \(excess)") }
      if !row.excesses.isEmpty { for site in Meter.sites().prefix(12) { print("    from \(site)") } }
      rows.append(row)
      return cost
    } catch {
      print("\(group): \(name): \(error)")
      failures.append("\(group): \(name): \(error)")
      return nil
    }
  }

  private static func write(_ text: String, to file: String) -> Bool {
    guard let stream = unsafe fopen(file, "w") else { return false }
    let written = unsafe fputs(text, stream) >= 0
    return unsafe fclose(stream) == 0 && written
  }
}
