import Glibc
import Synchronization

/// Ends the run's own relay when the run itself is told to end: a relay that nobody uses must not stay behind.
enum TerminationGuard {
  private static let pid = Atomic<Int32>(0)

  /// From now on SIGINT and SIGTERM end `process` first, and then this process as they would have.
  static func protect(_ process: ChildProcess) {
    pid.store(process.pid, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      // Only calls that a signal handler may make (signal-safety(7)).
      signal(number) { number in
        let child = TerminationGuard.pid.load(ordering: .relaxed)
        if child > 0 { kill(child, SIGTERM) }
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }
}
