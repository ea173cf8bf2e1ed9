internal import CPrefetch

/// The streams of one session, found by SSRC in one step, whatever their number.
///
/// A packet costs one probe of a small table and no allocation; the first packet of an SSRC may let it grow. SSRCs come
/// from random sources; a peer that picks its own to collide gets a search of at most `count` steps.
/// The state lies behind a pointer of its own, so that calls need no exclusivity checks. Confined to one queue.
@safe
struct SRTPStreamTable: ~Copyable {
  @safe
  private struct State {
    /// SSRC in the upper half, position of its stream plus one in the lower; zero is a free place.
    var places: UnsafeMutableBufferPointer<UInt64>
    var streams: UnsafeMutableBufferPointer<SRTPStream>
    var count = 0
    var packets: UInt64 = 0
  }

  private static let firstCapacity = 4

  private let state: UnsafeMutablePointer<State>

  init() {
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(
      to: State(places: Self.places(for: Self.firstCapacity), streams: .allocate(capacity: Self.firstCapacity)))
  }

  deinit {
    unsafe state.pointee.places.deallocate()
    unsafe state.pointee.streams.deallocate()
    unsafe state.deallocate()
  }

  var count: Int { unsafe state.pointee.count }

  /// Counts one more packet of any stream and returns how many there were.
  func countPacket() -> UInt64 {
    unsafe state.pointee.packets &+= 1
    return unsafe state.pointee.packets
  }

  /// See `SRTPSender.prefetch`. A session with one peer has few streams: the first ones are meant.
  func prefetch(stage: Int) {
    if stage == 1 { return unsafe cprefetch(state, MemoryLayout<State>.size) }
    unsafe cprefetch(state.pointee.places.baseAddress, 64)
    unsafe cprefetch(state.pointee.streams.baseAddress, 2 * MemoryLayout<SRTPStream>.stride)
  }

  /// The stream of an SSRC, nil when there is none. Valid until the next `insert`.
  @unsafe
  func find(_ ssrc: UInt32) -> UnsafeMutablePointer<SRTPStream>? {
    let places = unsafe state.pointee.places
    let mask = places.count - 1
    var place = Self.hash(ssrc) & mask
    while true {
      let entry = unsafe places[place]
      if entry == 0 { return nil }
      if UInt32(entry >> 32) == ssrc {
        return unsafe state.pointee.streams.baseAddress.map { unsafe $0 + Int(UInt32(truncatingIfNeeded: entry)) - 1 }
      }
      place = (place + 1) & mask
    }
  }

  /// The stream of an SSRC, a new one if there is none.
  @unsafe
  func stream(_ ssrc: UInt32) -> UnsafeMutablePointer<SRTPStream> {
    if let known = unsafe find(ssrc) { return unsafe known }
    return unsafe insert(SRTPStream(ssrc: ssrc))
  }

  /// Adds the stream of an SSRC that is not there yet.
  @unsafe @discardableResult
  func insert(_ stream: SRTPStream) -> UnsafeMutablePointer<SRTPStream> {
    let count = unsafe state.pointee.count
    if unsafe count == state.pointee.streams.count { grow() }
    let address = unsafe state.pointee.streams.baseAddress! + count
    unsafe address.initialize(to: stream)
    unsafe state.pointee.count = count + 1
    unsafe Self.enter(stream.ssrc, position: count, state.pointee.places)
    return unsafe address
  }

  private func grow() {
    let old = unsafe state.pointee.streams
    let larger = UnsafeMutableBufferPointer<SRTPStream>.allocate(capacity: old.count * 2)
    _ = unsafe larger.moveInitialize(fromContentsOf: old)
    unsafe old.deallocate()
    unsafe state.pointee.streams = larger
    unsafe state.pointee.places.deallocate()
    unsafe state.pointee.places = Self.places(for: larger.count)
    for position in 0..<count { unsafe Self.enter(larger[position].ssrc, position: position, state.pointee.places) }
  }

  /// Never more than half full, so that searches are short.
  private static func places(for streams: Int) -> UnsafeMutableBufferPointer<UInt64> {
    let places = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: streams * 2)
    unsafe places.initialize(repeating: 0)
    return unsafe places
  }

  private static func enter(_ ssrc: UInt32, position: Int, _ places: UnsafeMutableBufferPointer<UInt64>) {
    let mask = places.count - 1
    var place = hash(ssrc) & mask
    while unsafe places[place] != 0 { place = (place + 1) & mask }
    unsafe places[place] = UInt64(ssrc) << 32 | UInt64(position + 1)
  }

  private static func hash(_ ssrc: UInt32) -> Int { Int((ssrc &* 0x9E37_79B1) >> 16) }
}
