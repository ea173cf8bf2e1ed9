package import WireBytes

/// Puts fragmented messages together (RFC 6455 section 5.4), within a bound.
package struct MessageAssembly: Sendable {
  package enum Failure: Error, Equatable { case unexpectedContinuation, expectedContinuation, tooLarge }

  package struct Message: Equatable, Sendable {
    package var isBinary: Bool
    package var bytes: [UInt8]

    package init(isBinary: Bool, bytes: [UInt8]) {
      self.isBinary = isBinary
      self.bytes = bytes
    }
  }

  private var pending: Message?
  /// When the first frame of an unfinished message came.
  package private(set) var startedAt: MonotonicInstant?

  package init() {}

  /// Takes a data frame; returns the message that it completes.
  package mutating func add(
    _ frame: InboundFrame, limit: Int, at now: MonotonicInstant
  ) throws(Failure) -> Message? {
    var message: Message
    if frame.opcode == .continuation {
      guard let begun = pending.take() else { throw .unexpectedContinuation }
      guard begun.bytes.count + frame.payload.count <= limit else { throw .tooLarge }
      message = begun
      message.bytes += frame.payload
    } else {
      guard pending == nil else { throw .expectedContinuation }
      guard frame.payload.count <= limit else { throw .tooLarge }
      message = Message(isBinary: frame.opcode == .binary, bytes: frame.payload)
    }
    guard !frame.isFinal else {
      startedAt = nil
      return message
    }
    pending = message
    startedAt = startedAt ?? now
    return nil
  }
}
