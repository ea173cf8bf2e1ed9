import Forwarding
import RTP
import WireBytes

/// One parsed packet on its way from ingress to the legs. Offsets only: the payload is never looked at.
struct IngressPacket {
  let slot: PacketSlot
  let marker: Bool
  let sequenceNumber: UInt16
  let timestamp: UInt32
  /// Behind the original sequence number for a packet that came by retransmission.
  let payload: Range<Int>
  let isRepair: Bool
  /// The byte of RFC 6464.
  let audioLevel: UInt8?
  let descriptorBytes: Range<Int>
  let descriptor: DependencyDescriptor?
  /// Whether a subscriber's decoder can start here: the first packet of a key frame; for audio every packet.
  let startsStream: Bool
}

/// Packets of one encoding that were read one after the other and are forwarded together: all of them to one leg, then
/// all to the next. A leg's state and its cipher's are then in the core's first cache for all packets but the first; in
/// the other order each packet would throw out what the next one needs.
///
/// Owns the slots of its packets. Its memory is allocated once; no state is a stored property that would need checks of
/// exclusive access.
@safe
final class PacketBurst {
  private static let capacity = 32

  @safe
  private struct State {
    var count = 0
    var track: IngressTrack?
    var encoding = 0
    var receivedAt = MonotonicInstant(nanoseconds: 0)
  }

  private let packets: UnsafeMutablePointer<IngressPacket>
  private let state: UnsafeMutablePointer<State>

  init() {
    unsafe packets = .allocate(capacity: Self.capacity)
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(to: State())
  }

  deinit {
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
    unsafe packets.deallocate()
  }

  var count: Int { unsafe state.pointee.count }
  var isEmpty: Bool { count == 0 }
  var isFull: Bool { unsafe state.pointee.count == Self.capacity }
  /// What the packets are of; nil when there are none.
  var track: IngressTrack? { unsafe state.pointee.track }
  var encoding: Int { unsafe state.pointee.encoding }
  /// When the latest packet came.
  var receivedAt: MonotonicInstant { unsafe state.pointee.receivedAt }

  subscript(index: Int) -> IngressPacket {
    precondition(index >= 0 && index < count)
    return unsafe packets[index]
  }

  var latest: IngressPacket? { isEmpty ? nil : self[count - 1] }

  /// Whether a packet of this encoding can be added: the packets are of the same, or there are none.
  func goesOn(with track: IngressTrack, encoding: Int) -> Bool {
    isEmpty || (self.track === track && self.encoding == encoding)
  }

  /// Copies that are best sent in one piece: several packets to each of several legs, less than a core's cache holds.
  static let copiesAtOnce = 64

  /// Adds a packet to one that is not full.
  func append(_ packet: IngressPacket, of track: IngressTrack, encoding: Int, at now: MonotonicInstant) {
    let place = count
    if place == 0 {
      unsafe state.pointee.track = track
      unsafe state.pointee.encoding = encoding
    }
    precondition(place < Self.capacity)
    unsafe (packets + place).initialize(to: packet)
    unsafe state.pointee.count = place + 1
    unsafe state.pointee.receivedAt = now
  }

  func removeAll() {
    unsafe state.pointee.count = 0
    unsafe state.pointee.track = nil
  }
}
