import RelayControl
import Testing
import WireBytes

@Suite struct TokenBucketTests {
  private func seconds(_ n: Double) -> MonotonicInstant { MonotonicInstant(nanoseconds: UInt64(n * 1e9)) }

  @Test func `a full bucket gives its burst and then its rate`() {
    var bucket = TokenBucket(ControlLimits.Rate(perSecond: 2, burst: 3))
    #expect((0..<4).map { _ in bucket.take(at: seconds(100)) } == [true, true, true, false])
    #expect(bucket.take(at: seconds(100.4)) == false)
    #expect(bucket.take(at: seconds(100.5)) == true)
    #expect(bucket.take(at: seconds(100.5)) == false)
    #expect((0..<4).map { _ in bucket.take(at: seconds(200)) } == [true, true, true, false])
  }

  @Test func `a bucket without a burst still gives one at a time`() {
    var bucket = TokenBucket(ControlLimits.Rate(perSecond: 10, burst: 0))
    #expect(bucket.take(at: seconds(1)) == true)
    #expect(bucket.take(at: seconds(1)) == false)
    #expect(bucket.take(at: seconds(1.1)) == true)
  }

  @Test func `time that goes backwards or to its end does no harm`() {
    var bucket = TokenBucket(ControlLimits.Rate(perSecond: 1, burst: 2))
    #expect(bucket.take(at: seconds(10)) == true)
    #expect(bucket.take(at: seconds(5)) == false)
    #expect(bucket.take(at: .never) == true)
    #expect(bucket.take(at: seconds(11)) == false)
  }
}

@Suite struct MessageAssemblyTests {
  private let now = MonotonicInstant(nanoseconds: 5)

  private func frame(_ opcode: InboundFrame.Opcode, _ text: String, final isFinal: Bool) -> InboundFrame {
    InboundFrame(opcode: opcode, isFinal: isFinal, payload: Array(text.utf8))
  }

  @Test func `fragments become one message`() throws {
    var assembly = MessageAssembly()
    let first = try assembly.add(frame(.text, "ab", final: false), limit: 6, at: now)
    #expect(first == nil)
    #expect(assembly.startedAt == now)
    let later = MonotonicInstant(nanoseconds: 9)
    let second = try assembly.add(frame(.continuation, "cd", final: false), limit: 6, at: later)
    #expect(second == nil)
    #expect(assembly.startedAt == now)
    let message = try assembly.add(frame(.continuation, "ef", final: true), limit: 6, at: now)
    #expect(message == MessageAssembly.Message(isBinary: false, bytes: Array("abcdef".utf8)))
    #expect(assembly.startedAt == nil)
    let binary = try assembly.add(frame(.binary, "", final: true), limit: 6, at: now)
    #expect(binary == MessageAssembly.Message(isBinary: true, bytes: []))
  }

  @Test func `fragments out of order are refused`() throws {
    var assembly = MessageAssembly()
    #expect(throws: MessageAssembly.Failure.unexpectedContinuation) {
      try assembly.add(frame(.continuation, "x", final: true), limit: 6, at: now)
    }
    _ = try assembly.add(frame(.text, "x", final: false), limit: 6, at: now)
    #expect(throws: MessageAssembly.Failure.expectedContinuation) {
      try assembly.add(frame(.text, "y", final: true), limit: 6, at: now)
    }
  }

  @Test func `the bound holds for the whole message`() throws {
    var assembly = MessageAssembly()
    _ = try assembly.add(frame(.text, "abc", final: false), limit: 6, at: now)
    _ = try assembly.add(frame(.continuation, "def", final: false), limit: 6, at: now)
    #expect(throws: MessageAssembly.Failure.tooLarge) {
      try assembly.add(frame(.continuation, "g", final: true), limit: 6, at: now)
    }
    var single = MessageAssembly()
    #expect(throws: MessageAssembly.Failure.tooLarge) {
      try single.add(frame(.text, "abcdefg", final: true), limit: 6, at: now)
    }
  }
}
