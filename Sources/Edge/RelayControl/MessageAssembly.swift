import WireBytes

/// Puts fragmented messages together (RFC 6455 section 5.4), within a bound.
struct MessageAssembly: Sendable {
  enum Failure: Error, Equatable { case unexpectedContinuation, expectedContinuation, tooLarge }

  struct Message: Equatable {
    var isBinary: Bool
    var bytes: [UInt8]
  }

  private var pending: Message?
  /// When the first frame of an unfinished message came.
  private(set) var startedAt: MonotonicInstant?

  /// Takes a data frame; returns the message that it completes.
  mutating func add(_ frame: InboundFrame, limit: Int, at now: MonotonicInstant) throws(Failure) -> Message? {
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
