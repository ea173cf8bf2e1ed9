import Glibc

/// What a process that holds the keys of calls does first: it makes sure that a crash leaves none of them on a disk.
///
/// No core is written by the kernel (`RLIMIT_CORE`), and one that is piped to a collector such as systemd's holds none of
/// the process's memory (`/proc/self/coredump_filter`, core(5)). A relay that the run starts inherits the first.
package enum ProcessHygiene {
  /// Never fails: a system that does not know one of these measures has the others.
  package static func apply() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    try? FileBytes.write(Array("0\n".utf8), to: "/proc/self/coredump_filter")
  }
}
