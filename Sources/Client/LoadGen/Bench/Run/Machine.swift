import Glibc

extension BenchReport.Machine {
  /// This machine, and what it was busy with before the run.
  static func current() -> Self {
    func text(_ path: String) -> String {
      String(decoding: (try? FileBytes.read(path)) ?? [], as: UTF8.self)
    }
    let model = text("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
    let memory = text("/proc/meminfo").split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
    let kibibytes = memory?.split(separator: " ").compactMap { UInt64($0) }.first ?? 0
    return Self(
      cpu: model?.split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? "unknown",
      cores: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      kernel: text("/proc/sys/kernel/osrelease").split(separator: "\n").first.map(String.init) ?? "unknown",
      memory_bytes: kibibytes * 1_024,
      load_average_before: text("/proc/loadavg").split(separator: " ").prefix(3).joined(separator: " "))
  }
}
