import CNetLinux
import WireBytes

/// The memory of one `recvmmsg` call: headers, vectors, addresses and control messages, allocated once.
///
/// Slots of the slab are lent to it for the length of a call only, so that a slab at rest has none in use.
@safe
final class ReceiveVector {
  /// More would not save anything: the system call is under 1 % of the cost of 64 datagrams.
  static let capacity = 64
  /// Arming a slot costs a few nanoseconds; a quiet port should not arm 64 for one datagram.
  private static let smallestWindow = 8

  private let messages: UnsafeMutablePointer<cnet_message>
  private let vectors: UnsafeMutablePointer<cnet_vector>
  private let addresses: UnsafeMutablePointer<cnet_address>
  private let controls: UnsafeMutablePointer<cnet_control>
  private let slots: UnsafeMutablePointer<PacketSlot>
  private var window = smallestWindow
  private(set) var armed = 0
  /// Messages that the kernel has written to since they were armed.
  private var used = 0

  init() {
    unsafe messages = .allocate(capacity: Self.capacity)
    unsafe vectors = .allocate(capacity: Self.capacity)
    unsafe addresses = .allocate(capacity: Self.capacity)
    unsafe controls = .allocate(capacity: Self.capacity)
    unsafe slots = .allocate(capacity: Self.capacity)
    unsafe vectors.initialize(repeating: cnet_vector(), count: Self.capacity)
    unsafe addresses.initialize(repeating: cnet_address(), count: Self.capacity)
    unsafe controls.initialize(repeating: cnet_control(), count: Self.capacity)
    unsafe slots.initialize(repeating: PacketSlot(index: 0), count: Self.capacity)
    for index in 0..<Self.capacity {
      unsafe (messages + index).initialize(to: cnet_message())
      unsafe messages[index].address = UnsafeMutableRawPointer(addresses + index)
      unsafe messages[index].vectors = vectors + index
      unsafe messages[index].vector_count = 1
      unsafe messages[index].control = UnsafeMutableRawPointer(controls + index)
    }
    used = Self.capacity
  }

  deinit {
    unsafe messages.deallocate()
    unsafe vectors.deallocate()
    unsafe addresses.deallocate()
    unsafe controls.deallocate()
    unsafe slots.deallocate()
  }

  /// Lends free slots to the next call; returns how many.
  func arm(from slab: PacketSlab) -> Int {
    armed = 0
    while armed < window, let slot = slab.take() {
      unsafe slots[armed] = slot
      unsafe vectors[armed].base = UnsafeMutableRawPointer(slab.address(of: slot))
      unsafe vectors[armed].length = PacketSlab.slotSize
      armed += 1
    }
    // The kernel overwrites all three of these. Those of the other messages are as they were: most calls bring few
    // datagrams, and to touch the rest would fetch its memory for nothing.
    for index in 0..<used {
      unsafe messages[index].address_length = UInt32(MemoryLayout<cnet_address>.size)
      unsafe messages[index].control_length = MemoryLayout<cnet_control>.size
      unsafe messages[index].flags = 0
    }
    used = 0
    return armed
  }

  /// Fills the armed slots. Returns the count, or a negative errno. Slots that stayed empty go back to the slab.
  func fill(from fileDescriptor: CInt, slab: PacketSlab) -> Int {
    let result = unsafe Int(cnet_recvmmsg(fileDescriptor, messages, CUnsignedInt(armed)))
    let filled = max(result, 0)
    // The one that found nothing, too, may have been written to.
    used = min(filled + 1, armed)
    for index in filled..<armed { slab.release(unsafe slots[index]) }
    if filled == window {
      window = min(window * 2, Self.capacity)
    } else if filled < window / 4 {
      window = max(window / 2, Self.smallestWindow)
    }
    return result
  }

  func slot(_ index: Int) -> PacketSlot { unsafe slots[index] }
  func length(_ index: Int) -> Int { unsafe Int(messages[index].length) }
  func wasTruncated(_ index: Int) -> Bool { unsafe cnet_was_truncated(messages + index) }

  func source(_ index: Int) -> Endpoint? {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var port: UInt16 = 0
    guard unsafe cnet_load_address(addresses + index, &high, &low, &port) else { return nil }
    return Endpoint(high: high, low: low, port: port)
  }

  /// When the datagram arrived, on the real-time clock in nanoseconds; nil unless the port asks for it.
  func arrivalTime(_ index: Int) -> UInt64? {
    var arrival: UInt64 = 0
    return unsafe cnet_arrival_time(messages + index, &arrival) ? arrival : nil
  }

  /// The socket's running drop counter, which the kernel attaches once it is not zero.
  func dropCounter(_ index: Int) -> UInt32? {
    var drops: UInt32 = 0
    return unsafe cnet_drop_count(messages + index, &drops) ? drops : nil
  }
}
