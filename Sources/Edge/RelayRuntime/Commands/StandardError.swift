import SystemPackage

/// Standard error without the buffers of C's `FILE`, which Swift cannot name safely.
enum StandardError {
  static func write(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}
