import CNetLinux
import DatagramIO
import Dispatch
import Testing
import WireBytes

/// A loop that waits for its socket on its own queue must give the queue up to whoever rings.
@Suite struct DoorbellTests {
  private let doorbell = Doorbell()
  /// Stands for the socket.
  private let socket = cnet_event()
  /// Longer than any of these tests may take.
  private let long = TimeInterval.seconds(60)

  @Test func `a wait ends when the socket is readable`() {
    defer { _ = cnet_close(socket) }
    cnet_signal(socket)
    #expect(doorbell.wait(socket, atMost: long))
  }

  @Test func `a wait ends at its limit when nothing comes`() {
    defer { _ = cnet_close(socket) }
    #expect(!doorbell.wait(socket, atMost: .milliseconds(1)))
  }

  @Test func `what was rung for before keeps the loop from waiting until it is answered`() {
    defer { _ = cnet_close(socket) }
    cnet_signal(socket)
    doorbell.ring()
    doorbell.ring()
    #expect(!doorbell.wait(socket, atMost: long))
    doorbell.answer()
    #expect(!doorbell.wait(socket, atMost: long))
    doorbell.answer()
    #expect(doorbell.wait(socket, atMost: long))
  }

  @Test func `who rings during a wait ends it, at whatever moment`() {
    defer { _ = cnet_close(socket) }
    for round in 0..<200 {
      DispatchQueue.global().async { [doorbell] in
        for _ in 0..<(round * 20) { _ = MonotonicClock.now() }
        doorbell.ring()
      }
      #expect(!doorbell.wait(socket, atMost: long))
      doorbell.answer()
    }
    // No signal is left over: the next wait is for the socket again.
    _ = doorbell.wait(socket, atMost: .milliseconds(1))
    cnet_signal(socket)
    #expect(doorbell.wait(socket, atMost: long))
  }
}
