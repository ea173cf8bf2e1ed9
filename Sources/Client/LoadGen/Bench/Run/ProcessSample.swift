import FoundationEssentials
import Glibc

/// What a process has cost until one moment.
struct ProcessSample: Sendable {
  /// Of all its threads, to the nanosecond.
  var cpuSeconds: Double
  /// Of all its threads that live: how often one was woken, or had to make room.
  var contextSwitches: UInt64
  var residentBytes: UInt64
  /// Resident memory with shared pages divided among those that share them; nil if the system does not tell.
  var proportionalBytes: UInt64?
  var threads: Int

  /// Nil when the process is gone. One that has ended and was not waited for still has a clock, but no memory.
  init?(_ process: ChildProcess) {
    guard let cpuSeconds = process.cpuSeconds, let residentBytes = process.residentBytes, residentBytes > 0 else {
      return nil
    }
    self.cpuSeconds = cpuSeconds
    self.residentBytes = residentBytes
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.pid)/task")) ?? []
    threads = tasks.count
    contextSwitches = tasks.reduce(0) { sum, task in
      let status = Self.fields(of: "/proc/\(process.pid)/task/\(task)/status")
      return sum + (status["voluntary_ctxt_switches"] ?? 0) + (status["nonvoluntary_ctxt_switches"] ?? 0)
    }
    proportionalBytes = Self.fields(of: "/proc/\(process.pid)/smaps_rollup")["Pss"].map { $0 * 1024 }
  }

  /// CPU time of this process.
  static var ownCPUSeconds: Double {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Lines such as `Pss:   123 kB`.
  private static func fields(of path: String) -> [String: UInt64] {
    guard let bytes = try? FileBytes.read(path) else { return [:] }
    var fields: [String: UInt64] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let value = parts[1].split(whereSeparator: { $0 == " " || $0 == "\t" }).first
      if let value, let number = UInt64(value) { fields[String(parts[0])] = number }
    }
    return fields
  }
}
