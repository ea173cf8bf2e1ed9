import CNetLinux
import Glibc
package import WireBytes

/// One non-blocking UDP socket that receives and sends in batches. Confined to one queue.
@safe
package final class UDPPort {
  package let local: Endpoint
  package let fileDescriptor: CInt
  /// Behind a pointer, since every packet counts: as a stored property each access would pay for a check of its own.
  private let tally: UnsafeMutablePointer<UDPPortCounters>
  package private(set) var counters: UDPPortCounters {
    get { unsafe tally.pointee }
    _modify { yield unsafe &tally.pointee }
  }
  /// Whether the last `receive` filled all it had armed: more may be waiting.
  package private(set) var mayHaveMore = false
  /// Whether equal-sized datagrams leave as UDP_SEGMENT runs. Turned off for good when the device cannot do it.
  package var usesSegmentation: Bool

  private let family: CInt
  private let notesArrival: Bool
  private let receiving = ReceiveVector()
  private var sending = SendVector(capacity: 64)
  private var lastDropCounter: UInt32 = 0

  /// Opens and binds the port. The IPv6 address `::` gives a dual-stack socket, and an IPv4 one on machines without
  /// IPv6; port 0 lets the system choose. Buffer sizes are wishes: the system may give less. With `notesArrival` the
  /// kernel notes when each datagram came, for a reader that comes later.
  package init(
    binding endpoint: Endpoint, receiveBufferBytes: Int, sendBufferBytes: Int, notesArrival: Bool = false
  ) throws(UDPPortError) {
    var family = endpoint.isIPv4 ? AF_INET : AF_INET6
    let isWildcard = endpoint.high == 0 && endpoint.low == 0
    var result = cnet_udp_socket(family, CInt(clamping: receiveBufferBytes), CInt(clamping: sendBufferBytes))
    if result == -EAFNOSUPPORT, isWildcard {
      family = AF_INET
      result = cnet_udp_socket(family, CInt(clamping: receiveBufferBytes), CInt(clamping: sendBufferBytes))
    }
    guard result >= 0 else { throw UDPPortError(endpoint: endpoint, code: -result) }
    let descriptor = result
    var address = cnet_address()
    let length = unsafe cnet_store_address(&address, family, endpoint.high, endpoint.low, endpoint.port)
    let bound = unsafe cnet_bind(descriptor, &address, length)
    var high: UInt64 = 0
    var low: UInt64 = 0
    var port: UInt16 = 0
    guard bound == 0, unsafe cnet_local_address(descriptor, &high, &low, &port) else {
      _ = cnet_close(descriptor)
      throw UDPPortError(endpoint: endpoint, code: bound == 0 ? EINVAL : -bound)
    }
    self.family = family
    self.notesArrival = notesArrival && cnet_enable_arrival_times(descriptor) == 0
    fileDescriptor = descriptor
    local = Endpoint(high: high, low: low, port: port)
    usesSegmentation = cnet_has_segmentation(descriptor)
    unsafe tally = .allocate(capacity: 1)
    unsafe tally.initialize(to: UDPPortCounters())
  }

  deinit {
    _ = cnet_close(fileDescriptor)
    unsafe tally.deinitialize(count: 1)
    unsafe tally.deallocate()
  }

  /// See `SendVector.script`. Call after `prepare`.
  package func scriptSending(_ script: ((Int) -> Int)?) { sending.script = script }

  /// Makes room for batches of this capacity before the first packet, so that `send` never allocates.
  package func prepare(batchCapacity: Int) {
    if sending.capacity < batchCapacity { sending = SendVector(capacity: batchCapacity) }
  }

  /// The buffers that the kernel gave, bytes. It gives twice what it is asked for, and keeps half for its own overhead;
  /// less than that says that `net.core.rmem_max` or `wmem_max` is smaller and the process may not exceed it.
  package var receiveBufferBytes: Int { Int(cnet_receive_buffer(fileDescriptor)) }
  package var sendBufferBytes: Int { Int(cnet_send_buffer(fileDescriptor)) }

  /// One `recvmmsg` into free slots of `slab`, at most 64. `body` owns each slot it is given; its last argument is when
  /// the datagram arrived: the moment of the call, or the kernel's note. Returns the number of datagrams handed out; 0
  /// when none was waiting or the slab was exhausted.
  @discardableResult
  package func receive(into slab: PacketSlab, _ body: (PacketSlot, Endpoint, MonotonicInstant) -> Void) -> Int {
    let armed = receiving.arm(from: slab)
    guard armed > 0 else { return discardWaiting() }
    counters.receiveCalls &+= 1
    let result = receiving.fill(from: fileDescriptor, slab: slab)
    mayHaveMore = result == armed
    guard result > 0 else {
      if result != 0, result != -Int(EAGAIN), result != -Int(EINTR) { counters.receiveErrors &+= 1 }
      return 0
    }
    if let drops = receiving.dropCounter(result - 1) {
      counters.kernelDrops &+= UInt64(drops &- lastDropCounter)
      lastDropCounter = drops
    }
    let now = MonotonicClock.now()
    let realTime = notesArrival ? cnet_realtime_nanoseconds() : 0
    var delivered = 0
    for index in 0..<result {
      let slot = receiving.slot(index)
      guard !receiving.wasTruncated(index), let source = receiving.source(index) else {
        counters.oversized &+= 1
        slab.release(slot)
        continue
      }
      let length = receiving.length(index)
      slab.setLength(length, of: slot)
      counters.received &+= 1
      counters.receivedBytes &+= UInt64(length)
      delivered += 1
      body(slot, source, arrival(index, now, realTime))
    }
    return delivered
  }

  /// The kernel notes real time; its distance to the present is the same on both clocks.
  private func arrival(_ index: Int, _ now: MonotonicInstant, _ realTime: UInt64) -> MonotonicInstant {
    guard notesArrival, let noted = receiving.arrivalTime(index), noted < realTime else { return now }
    return now - TimeInterval(nanoseconds: realTime - noted)
  }

  /// Without a free slot the queue must still shrink, or the read source would fire without end.
  private func discardWaiting() -> Int {
    var left = ReceiveVector.capacity
    while left > 0, cnet_discard(fileDescriptor) == 0 {
      counters.slabDrops &+= 1
      left -= 1
    }
    mayHaveMore = left == 0
    return 0
  }

  /// Sends everything, gives all slots back to `slab` and empties the batch. What the kernel does not take is dropped
  /// and counted: for media, late is worse than lost.
  package func send(_ batch: EgressBatch, releasing slab: PacketSlab) {
    guard batch.count > 0 else { return }
    prepare(batchCapacity: batch.capacity)
    sending.prepare(batch, slab: slab, family: family, segmentation: usesSegmentation)
    var run = 0
    while run < sending.plan.runCount {
      counters.sendCalls &+= 1
      let result = sending.send(from: run, on: fileDescriptor)
      if result > 0 {
        for index in run..<(run + result) { countSent(run: index, from: 0, count: sending.plan.run(index).count) }
        run += result
      } else {
        run = recover(from: -result, at: run)
      }
    }
    for index in 0..<batch.count { slab.release(batch[index].slot) }
    batch.removeAll()
  }

  private func countSent(run index: Int, from offset: Int, count: Int) {
    counters.sent &+= UInt64(count)
    counters.sentBytes &+= UInt64(sending.bytes(ofRun: index, from: offset, count: count))
    if sending.plan.run(index).count > 1, count > 1 {
      counters.gsoRuns &+= 1
      counters.gsoDatagrams &+= UInt64(count)
    }
  }

  /// Handles the refusal of one message; returns the run to go on with.
  private func recover(from error: Int, at run: Int) -> Int {
    let failed = sending.plan.run(run)
    switch CInt(error) {
    case EINTR:
      return run
    case EAGAIN, ENOBUFS:
      // Full is full: what follows would meet the same, and is late when it would not.
      for index in run..<sending.plan.runCount { counters.wouldBlockDrops &+= UInt64(sending.plan.run(index).count) }
      return sending.plan.runCount
    case EIO where failed.count > 1:
      // The device cannot do checksums for segments: it never will.
      usesSegmentation = false
      sendOneByOne(run)
    case EMSGSIZE where failed.count > 1, EINVAL where failed.count > 1:
      sendOneByOne(run)
    default:
      counters.sendErrors &+= UInt64(failed.count)
    }
    return run + 1
  }

  /// A segment may exceed the MTU of this one path, where single datagrams may still be fragmented.
  private func sendOneByOne(_ run: Int) {
    let count = sending.plan.run(run).count
    counters.segmentationRefusals &+= 1
    var offset = 0
    while offset < count {
      counters.sendCalls &+= 1
      let result = sending.sendSingles(ofRun: run, from: offset, on: fileDescriptor)
      if result > 0 {
        counters.sent &+= UInt64(result)
        counters.sentBytes &+= UInt64(sending.bytes(ofRun: run, from: offset, count: result))
        offset += result
      } else if result == -Int(EAGAIN) || result == -Int(ENOBUFS) {
        counters.wouldBlockDrops &+= UInt64(count - offset)
        return
      } else if result != -Int(EINTR) {
        counters.sendErrors &+= 1
        offset += 1
      }
    }
  }
}
