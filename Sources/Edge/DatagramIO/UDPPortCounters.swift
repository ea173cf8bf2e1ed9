/// What one UDP port has counted since it was opened. One writer; readers get copies.
package struct UDPPortCounters: Sendable, Equatable {
  /// Datagrams handed to the engine.
  package var received: UInt64 = 0
  package var receivedBytes: UInt64 = 0
  /// `recvmmsg` calls, those that found nothing included.
  package var receiveCalls: UInt64 = 0
  /// Datagrams that the kernel dropped because the receive buffer was full (SO_RXQ_OVFL).
  package var kernelDrops: UInt64 = 0
  /// Datagrams longer than a packet slot.
  package var oversized: UInt64 = 0
  /// Datagrams read and thrown away because the slab had no free slot.
  package var slabDrops: UInt64 = 0
  package var receiveErrors: UInt64 = 0

  /// Datagrams handed to the kernel.
  package var sent: UInt64 = 0
  package var sentBytes: UInt64 = 0
  /// `sendmmsg` calls.
  package var sendCalls: UInt64 = 0
  /// Messages that carried more than one datagram (UDP_SEGMENT).
  package var gsoRuns: UInt64 = 0
  /// Datagrams that went out in such messages.
  package var gsoDatagrams: UInt64 = 0
  /// Such messages that the kernel refused, so that their datagrams went one by one.
  package var segmentationRefusals: UInt64 = 0
  /// Datagrams dropped because the send buffer was full.
  package var wouldBlockDrops: UInt64 = 0
  /// Datagrams that the kernel refused for any other reason.
  package var sendErrors: UInt64 = 0

  package init() {}
}
