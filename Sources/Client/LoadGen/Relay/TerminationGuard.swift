import Glibc
import Synchronization

/// Ends the servers that a run started when the run itself is told to end: a server that nobody uses must not stay
/// behind.
enum TerminationGuard {
  private static let lock = Mutex(())
  private static let capacity = 16
  /// Pids, 0 for none. Plain memory, since a signal handler may take no lock; a pid is written whole.
  nonisolated(unsafe) private static let pids: UnsafeMutablePointer<pid_t> = {
    let memory = UnsafeMutablePointer<pid_t>.allocate(capacity: capacity)
    unsafe memory.initialize(repeating: 0, count: capacity)
    return unsafe memory
  }()

  /// From now on SIGINT and SIGTERM end `process` first, and then this process as they would have.
  static func protect(_ process: ChildProcess) {
    lock.withLock { _ in
      for index in 0..<capacity where unsafe pids[index] == 0 {
        unsafe pids[index] = process.pid
        break
      }
    }
    for number in [SIGINT, SIGTERM] {
      // Only calls that a signal handler may make (signal-safety(7)).
      signal(number) { number in
        for index in 0..<TerminationGuard.capacity {
          let child = unsafe TerminationGuard.pids[index]
          if child > 0 { kill(child, SIGTERM) }
        }
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }

  /// The process has ended: its pid may be another's now.
  static func release(_ process: ChildProcess) {
    lock.withLock { _ in
      for index in 0..<capacity where unsafe pids[index] == process.pid { unsafe pids[index] = 0 }
    }
  }
}
