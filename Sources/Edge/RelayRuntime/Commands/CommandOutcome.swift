/// How a run of the command line ended.
package struct CommandOutcome: Sendable, Equatable {
  /// 2 when the relay was asked for something that cannot be; nothing was started then.
  package let exitCode: Int32
  /// Help or version, for standard output.
  package let output: String?
  /// One line, for standard error.
  package let errorLine: String?

  init(exitCode: Int32, output: String? = nil, errorLine: String? = nil) {
    self.exitCode = exitCode
    self.output = output
    self.errorLine = errorLine?.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
