import SystemPackage

/// Standard output and error without the buffers of C's `FILE`: a line is out when it is written, in a pipe as well.
enum StandardOutput {
  static func write(_ text: String) { _ = try? FileDescriptor.standardOutput.writeAll(text.utf8) }
  static func writeError(_ text: String) { _ = try? FileDescriptor.standardError.writeAll(text.utf8) }
}
