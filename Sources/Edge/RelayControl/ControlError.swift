/// Why the control server cannot start. `message` is one line, for the operator.
package struct ControlError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Reason: Sendable, Equatable {
    case addressInUse, cannotListen, certificate, configuration, alreadyStarted
  }

  package let reason: Reason
  package let message: String

  package init(_ reason: Reason, _ message: String) {
    self.reason = reason
    // What libraries say about themselves may have line ends.
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }

  package var description: String { message }
}
