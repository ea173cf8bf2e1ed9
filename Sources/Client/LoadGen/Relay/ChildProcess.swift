package import Glibc

/// A child process with its standard error kept in a file, ended by its pid and by nothing else.
package final class ChildProcess: Sendable {
  package let pid: pid_t

  /// Starts `executable` with its output appended to `logPath`.
  package init(executable: String, arguments: [String], logPath: String) throws(ChildProcessError) {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Threads of Dispatch block most signals, and a child inherits that: it could not be told to end.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var pid: pid_t = 0
    var argv: [UnsafeMutablePointer<CChar>?] = unsafe ([executable] + arguments).map { unsafe strdup($0) }
    unsafe argv.append(nil)
    defer { unsafe argv.forEach { unsafe free($0) } }
    let status = unsafe posix_spawn(&pid, executable, &actions, &attributes, argv, environ)
    guard status == 0 else {
      throw ChildProcessError(message: "\(executable) cannot be started: \(unsafe String(cString: strerror(status)))")
    }
    self.pid = pid
  }

  /// The exit status if the process has ended.
  package func exitStatus() -> Int32? {
    var status: Int32 = 0
    return unsafe waitpid(pid, &status, WNOHANG) == pid ? status : nil
  }

  package func terminate() { kill(pid, SIGTERM) }
  package func kill9() { kill(pid, SIGKILL) }

  /// Ends the process, politely first, and reaps it: afterwards its pid may be another's. Waits `patience` tenths of a
  /// second before it is forced. Returns what is to be said against how it ended; nil when it simply obeyed.
  func end(patience: Int) async -> String? {
    defer { TerminationGuard.release(self) }
    terminate()
    for _ in 0..<patience {
      if let status = exitStatus() { return Self.complaint(aboutExit: status) }
      try? await Task.sleep(for: .milliseconds(100))
    }
    kill9()
    for _ in 0..<50 where exitStatus() == nil { try? await Task.sleep(for: .milliseconds(20)) }
    return "did not end within \(patience / 10) s and was killed"
  }

  /// `status` as waitpid(2) has it. Nothing against a process that ended well, or by the signal that asked it to.
  private static func complaint(aboutExit status: Int32) -> String? {
    let signal = status & 0x7F
    guard signal == 0 else { return signal == SIGTERM ? nil : "ended by signal \(signal)" }
    return status == 0 ? nil : "ended with status \(status >> 8)"
  }

  /// CPU time of all threads that the process ever had, in seconds; nil when the process is gone. The process's own
  /// clock, since /proc counts in ticks of 10 ms.
  package var cpuSeconds: Double? {
    var clock = clockid_t()
    var time = timespec()
    guard unsafe clock_getcpuclockid(pid, &clock) == 0, unsafe clock_gettime(clock, &time) == 0 else { return nil }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Resident memory in bytes.
  package var residentBytes: UInt64? {
    guard let bytes = try? FileBytes.read("/proc/\(pid)/statm") else { return nil }
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard fields.count > 1, let pages = UInt64(fields[1]) else { return nil }
    return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
  }
}

package struct ChildProcessError: Error, CustomStringConvertible {
  package let message: String
  package var description: String { message }
}
