package import WireBytes

/// What a loop and its port have counted, copied at one moment.
package struct DatagramLoopSnapshot: Sendable {
  package var port: UDPPortCounters
  /// From the return of `recvmmsg` to the end of the flush that sent the consequences, counted per datagram received.
  package var latency: Histogram
  /// Turns of the loop: wake-ups by packets, timers and commands.
  package var turns: UInt64
  package var slabCapacity: Int
  package var slabInUse: Int
  /// What the kernel gave.
  package var receiveBufferBytes = 0
  package var sendBufferBytes = 0

  package init(port: UDPPortCounters, latency: Histogram, turns: UInt64, slabCapacity: Int, slabInUse: Int) {
    self.port = port
    self.latency = latency
    self.turns = turns
    self.slabCapacity = slabCapacity
    self.slabInUse = slabInUse
  }
}
