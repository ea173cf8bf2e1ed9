import CNetLinux
import WireBytes

/// The memory of `sendmmsg` calls for batches of up to `capacity` datagrams, allocated once.
@safe
final class SendVector {
  let capacity: Int
  let plan: EgressPlan
  private let messages: UnsafeMutablePointer<cnet_message>
  private let vectors: UnsafeMutablePointer<cnet_vector>
  private let addresses: UnsafeMutablePointer<cnet_address>
  private let controls: UnsafeMutablePointer<cnet_control>
  private let singles: UnsafeMutablePointer<cnet_message>
  /// Given the number of messages of a call, says how many the kernel takes, or which negative errno it returns. A test
  /// puts in its place what a kernel does only under load, or with an old or a broken device.
  var script: ((Int) -> Int)?

  init(capacity: Int) {
    self.capacity = capacity
    plan = EgressPlan(capacity: capacity)
    unsafe messages = .allocate(capacity: capacity)
    unsafe vectors = .allocate(capacity: capacity)
    unsafe addresses = .allocate(capacity: capacity)
    unsafe controls = .allocate(capacity: capacity)
    unsafe singles = .allocate(capacity: EgressPlan.maxSegments)
    unsafe messages.initialize(repeating: cnet_message(), count: capacity)
    unsafe vectors.initialize(repeating: cnet_vector(), count: capacity)
    unsafe addresses.initialize(repeating: cnet_address(), count: capacity)
    unsafe controls.initialize(repeating: cnet_control(), count: capacity)
    unsafe singles.initialize(repeating: cnet_message(), count: EgressPlan.maxSegments)
  }

  deinit {
    unsafe messages.deallocate()
    unsafe vectors.deallocate()
    unsafe addresses.deallocate()
    unsafe controls.deallocate()
    unsafe singles.deallocate()
  }

  /// Points the headers at the slots of the batch, one message for each run of the plan.
  func prepare(_ batch: EgressBatch, slab: PacketSlab, family: CInt, segmentation: Bool) {
    plan.plan(batch, slab: slab, segmentation: segmentation)
    for position in 0..<batch.count {
      let slot = batch[plan.order(position)].slot
      unsafe vectors[position].base = UnsafeMutableRawPointer(slab.address(of: slot))
      unsafe vectors[position].length = slab.length(of: slot)
    }
    var addressLength: UInt32 = 0
    for index in 0..<plan.runCount {
      let run = plan.run(index)
      if run.destinationRun == index {
        let destination = batch[plan.order(run.start)].destination
        unsafe addressLength = cnet_store_address(
          addresses + index, family, destination.high, destination.low, destination.port)
      }
      unsafe messages[index].address = UnsafeMutableRawPointer(addresses + run.destinationRun)
      unsafe messages[index].address_length = addressLength
      unsafe messages[index].vectors = vectors + run.start
      unsafe messages[index].vector_count = run.count
      // The control message must be absent from single datagrams: they may be larger than the path's MTU.
      if run.count > 1 {
        unsafe messages[index].control = UnsafeMutableRawPointer(controls + index)
        unsafe messages[index].control_length = cnet_set_segment(controls + index, UInt16(run.segment))
      } else {
        unsafe messages[index].control = nil
        unsafe messages[index].control_length = 0
      }
    }
  }

  /// Sends messages from `first` on; returns how many went, or a negative errno that concerns the message at `first`.
  func send(from first: Int, on fileDescriptor: CInt) -> Int {
    // The kernel takes at most UIO_MAXIOV messages in one call.
    let count = min(plan.runCount - first, 1024)
    return unsafe send(messages + first, count, on: fileDescriptor)
  }

  /// Sends datagrams `from...` of one run one by one; returns like `send`.
  func sendSingles(ofRun index: Int, from offset: Int, on fileDescriptor: CInt) -> Int {
    let run = plan.run(index)
    let count = run.count - offset
    for single in 0..<count {
      unsafe singles[single] = messages[index]
      unsafe singles[single].vectors = vectors + run.start + offset + single
      unsafe singles[single].vector_count = 1
      unsafe singles[single].control = nil
      unsafe singles[single].control_length = 0
    }
    return unsafe send(singles, count, on: fileDescriptor)
  }

  @unsafe
  private func send(_ messages: UnsafeMutablePointer<cnet_message>, _ count: Int, on fileDescriptor: CInt) -> Int {
    var count = count
    if let script {
      let outcome = script(count)
      guard outcome > 0 else { return outcome }
      count = min(outcome, count)
    }
    return unsafe Int(cnet_sendmmsg(fileDescriptor, messages, CUnsignedInt(count)))
  }

  /// Bytes of `count` datagrams of one run from `offset` on.
  func bytes(ofRun index: Int, from offset: Int, count: Int) -> Int {
    let run = plan.run(index)
    var sum = 0
    for position in (run.start + offset)..<(run.start + offset + count) { sum += unsafe vectors[position].length }
    return sum
  }
}
