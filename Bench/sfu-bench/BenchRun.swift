import CRuntimeCounters
import Glibc
import SDP
import WireBytes

/// The extension id of the Dependency Descriptor in the house's own offers.
enum DescriptorID {
  static let value = ClientOffer.extensions.dependencyDescriptor
}

/// Time that this thread spent on a CPU: other processes on the machine do not count.
enum CPUClock {
  static func nanoseconds() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// Runs the benchmarks and prints one table.
enum BenchRun {
  /// Swift heap allocations for each forwarded packet: none (DESIGN: the hot path).
  private static let allocationBudget = 0.0

  static func main(_ arguments: [String]) {
    let check = arguments.contains("--check")
    guard arguments.allSatisfy({ $0 == "--check" }) else {
      print("usage: sfu-bench [--check]")
      exit(2)
    }
    guard runtime_counters_install() == 1 else {
      print("sfu-bench: this Swift runtime has no hooks to count allocations with")
      exit(1)
    }
    guard countsAllocations() else {
      print("sfu-bench: a Swift allocation went uncounted, so a count of none would mean nothing")
      exit(1)
    }
    print("one publisher's video, from SRTP in to SRTP out, AEAD_AES_256_GCM, no sockets; per forwarded packet:")
    print("subscribers  payload   CPU us   Swift allocations   all mallocs")
    var failed = false
    for (subscribers, payload, packets) in [(1, 1_100, 4_000), (8, 1_100, 2_000), (31, 1_100, 1_000), (31, 120, 1_000)]
    {
      do {
        let result = try FanOutBench(subscribers: subscribers, payloadBytes: payload).run(packets: packets)
        print(row(result))
        let expected = UInt64(packets * subscribers)
        if result.forwarded != expected {
          print("  FAILED: \(result.forwarded) of \(expected) packets were forwarded")
          failed = true
        }
        if result.per(result.swiftAllocations) > allocationBudget {
          print("  FAILED: \(result.swiftAllocations) Swift heap allocations; the budget is none")
          failed = true
        }
      } catch {
        print("  FAILED: \(error)")
        failed = true
      }
    }
    if check, failed { exit(1) }
  }

  private static func countsAllocations() -> Bool {
    let before = runtime_counters_swift_allocations()
    let probe = [UInt8](repeating: 1, count: Int.random(in: 100...200))
    return probe.count >= 100 && runtime_counters_swift_allocations() > before
  }

  private static func row(_ result: FanOutBench.Result) -> String {
    let cells = [
      (String(result.subscribers), 11), (String(result.payloadBytes), 9),
      (fixed(result.per(result.nanoseconds) / 1_000), 9), (fixed(result.per(result.swiftAllocations)), 20),
      (fixed(result.per(result.mallocs)), 14),
    ]
    return cells.map { String(repeating: " ", count: max(0, $0.1 - $0.0.count)) + $0.0 }.joined()
  }

  private static func fixed(_ value: Double) -> String {
    let scaled = Int((value * 100).rounded())
    return "\(scaled / 100).\(scaled % 100 < 10 ? "0" : "")\(scaled % 100)"
  }
}
