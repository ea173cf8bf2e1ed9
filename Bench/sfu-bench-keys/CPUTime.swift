import Crypto
import Glibc

/// Time that this thread spent on a CPU: other processes on the machine do not count.
enum CPUTime {
  static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  static func adding<Result, Failure: Error>(
    to total: inout UInt64, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = now()
    let result = try body()
    total += now() - start
    return result
  }
}

enum Digest {
  static func sha3(_ bytes: [UInt8]) -> [UInt8] { Array(SHA3_256.hash(data: bytes)) }
}

struct BenchFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
