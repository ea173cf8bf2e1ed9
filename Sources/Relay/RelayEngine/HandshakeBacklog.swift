import WireBytes

/// DTLS datagrams that wait for their turn, in the order in which they came.
///
/// The public-key operations of one flight take longer than all copies of a video frame. When many members come at once,
/// a shard does a few flights, forwards what has arrived meanwhile, and goes on.
struct HandshakeBacklog {
  /// Flights between two looks at the socket: about a millisecond.
  static let atOnce = 4
  /// Slots of the slab that may wait here. What finds no room is lost, and its sender repeats it (RFC 6347 section 4.2.4).
  static let capacity = 256
  /// Of one address, so that nobody keeps the others out: a flight with certificates has fewer.
  static let capacityOfOne = 8

  private var waiting: [(slot: PacketSlot, endpoint: Endpoint)] = []
  private var first = 0

  var isEmpty: Bool { first == waiting.count }

  /// False when there is no room: the caller keeps the slot.
  mutating func append(_ slot: PacketSlot, from endpoint: Endpoint) -> Bool {
    let present = waiting[first...]
    guard present.count < Self.capacity, present.count(where: { $0.endpoint == endpoint }) < Self.capacityOfOne else {
      return false
    }
    waiting.append((slot, endpoint))
    return true
  }

  /// All that wait from one address, in order.
  mutating func take(from endpoint: Endpoint) -> [PacketSlot] {
    guard !isEmpty else { return [] }
    let slots = waiting[first...].filter { $0.endpoint == endpoint }.map(\.slot)
    guard !slots.isEmpty else { return [] }
    waiting = waiting[first...].filter { $0.endpoint != endpoint }
    first = 0
    return slots
  }

  mutating func popFirst() -> (slot: PacketSlot, endpoint: Endpoint)? {
    guard !isEmpty else { return nil }
    let next = waiting[first]
    first += 1
    if isEmpty {
      waiting.removeAll(keepingCapacity: true)
      first = 0
    }
    return next
  }
}
