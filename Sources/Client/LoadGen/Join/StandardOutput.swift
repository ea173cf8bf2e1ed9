import SystemPackage

/// Standard output without the buffers of C's `FILE`: a line is out when it is written, in a pipe as well.
enum StandardOutput {
  static func write(_ text: String) { _ = try? FileDescriptor.standardOutput.writeAll(text.utf8) }
}
