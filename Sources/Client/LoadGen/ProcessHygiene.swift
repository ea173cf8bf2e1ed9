import CHardening
import Glibc

/// What a process that holds the keys of calls does first: it makes sure that they stay in it while it runs, and that
/// neither a crash nor freed memory keeps them.
///
/// - No core is written (`RLIMIT_CORE`, `PR_SET_DUMPABLE`), and no other process of the same user can read this one's
///   memory. A core that root's collector takes all the same holds none of it (`/proc/self/coredump_filter`, core(5)).
///   For a debugger, start the process under it.
/// - Memory that is given back is overwritten (`M_PERTURB`): what the cryptography library leaves of expanded ML-KEM and
///   ML-DSA private keys, which it does not wipe itself. With eight participants its cost is lost in the noise.
package enum ProcessHygiene {
  /// Never fails: a system that does not know one of these measures has the others.
  package static func apply() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    // Before the files in /proc belong to root.
    try? FileBytes.write(Array("0\n".utf8), to: "/proc/self/coredump_filter")
    _ = chardening_forbid_dumps()
    _ = chardening_overwrite_freed_memory()
  }
}
