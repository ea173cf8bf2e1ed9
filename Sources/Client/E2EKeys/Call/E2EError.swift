/// Why keys could not be made or a frame could not be sealed or opened.
package enum E2EError: UInt8, Error, Equatable, Sendable, CaseIterable {
  /// There is no epoch key yet.
  case noKey
  /// A member left and the new key did not come within the deadline: nothing is sealed under the old one.
  case rekeyOverdue
  /// The frame was opened before; duplicates happen and are dropped quietly.
  case replayed
  /// The frame's epoch, sender or stream has no key here: not yet, or no longer, or never.
  case unknownKey
  /// The frame is from a member that has left the call.
  case departedKey
  /// The tag does not match.
  case authenticationFailed
  /// Not a frame of this protocol.
  case malformed
  /// The policy leaves no key agreement suite to offer.
  case noSuite
  /// The call was closed and its keys are wiped.
  case closed
  /// The counter space of a stream is used up.
  case counterExhausted
  /// The operating system or the cipher failed; not reachable from network input.
  case internalFailure

  /// A short name for counters.
  package var label: String { String(describing: self) }
}
