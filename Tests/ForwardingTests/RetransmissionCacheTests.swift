import Forwarding
import TestKit
import Testing
import WireBytes

@Suite struct RetransmissionCacheTests {
  private func packet(_ sequence: UInt16, _ length: Int) -> [UInt8] {
    (0..<length).map { UInt8(truncatingIfNeeded: Int(sequence) &* 31 &+ $0) }
  }

  private func find(_ cache: RetransmissionCache, _ sequence: UInt16, at now: MonotonicInstant) -> [UInt8]? {
    var bytes: [UInt8]?
    let found = cache.find(sequence, at: now) { bytes = $0.toArray() }
    #expect(found == (bytes != nil))
    return bytes
  }

  @Test func `a stored packet is found as it was`() {
    let cache = RetransmissionCache(byteCapacity: 8192, maxAge: .seconds(1))
    cache.store(sequence: 7, packet: packet(7, 1200).span, at: ms(0))
    #expect(find(cache, 7, at: ms(10)) == packet(7, 1200))
    #expect(find(cache, 8, at: ms(10)) == nil)
    #expect(find(cache, 0, at: ms(10)) == nil)
  }

  @Test func `the oldest packets make room for new ones, and never mix with them`() {
    let cache = RetransmissionCache(byteCapacity: 10_000, maxAge: .seconds(100))
    var random = SeededRandom(seed: 3)
    var stored: [(sequence: UInt16, bytes: [UInt8])] = []
    for step in 0..<20_000 {
      let sequence = UInt16(truncatingIfNeeded: 65_000 + step)
      let bytes = packet(sequence, Int.random(in: 1...1300, using: &random))
      cache.store(sequence: sequence, packet: bytes.span, at: ms(UInt64(step)))
      stored.append((sequence, bytes))
      if stored.count > 100 { stored.removeFirst() }
      guard step % 50 == 0 else { continue }
      var isGone = false
      var kept = 0
      for (sequence, bytes) in stored.reversed() {
        guard let found = find(cache, sequence, at: ms(UInt64(step))) else {
          isGone = true
          continue
        }
        #expect(found == bytes)
        #expect(!isGone)
        kept += bytes.count
      }
      #expect(kept <= 10_000)
      if step > 100 { #expect(kept > 10_000 - 3 * 1300) }
    }
  }

  @Test func `a packet older than the limit is not found`() {
    let cache = RetransmissionCache(byteCapacity: 8192, maxAge: .milliseconds(500))
    cache.store(sequence: 1, packet: packet(1, 100).span, at: ms(1000))
    #expect(find(cache, 1, at: ms(1500)) != nil)
    #expect(find(cache, 1, at: ms(1501)) == nil)
  }

  @Test func `the first copy of a packet stays`() {
    let cache = RetransmissionCache(byteCapacity: 8192, maxAge: .milliseconds(500))
    cache.store(sequence: 1, packet: packet(1, 100).span, at: ms(0))
    cache.store(sequence: 1, packet: packet(9, 90).span, at: ms(10))
    #expect(find(cache, 1, at: ms(20)) == packet(1, 100))
    // After its time the number may stand for another packet.
    cache.store(sequence: 1, packet: packet(9, 90).span, at: ms(600))
    #expect(find(cache, 1, at: ms(610)) == packet(9, 90))
  }

  @Test func `small packets at full rate are held for their age`() {
    let cache = RetransmissionCache(byteCapacity: 8192, maxAge: .milliseconds(500))
    for sequence in UInt16(0)..<1000 {
      cache.store(sequence: sequence, packet: packet(sequence, 120).span, at: ms(UInt64(sequence) * 20))
    }
    for back in UInt16(0)...25 {
      #expect(find(cache, 999 - back, at: ms(999 * 20)) == packet(999 - back, 120))
    }
    #expect(find(cache, 999 - 26, at: ms(999 * 20)) == nil)
  }

  @Test func `an empty packet and one longer than the ring are not kept`() {
    let cache = RetransmissionCache(byteCapacity: 1000, maxAge: .seconds(1))
    cache.store(sequence: 1, packet: packet(1, 0).span, at: ms(0))
    cache.store(sequence: 2, packet: packet(2, 1001).span, at: ms(0))
    cache.store(sequence: 3, packet: packet(3, 1000).span, at: ms(0))
    #expect(find(cache, 1, at: ms(0)) == nil)
    #expect(find(cache, 2, at: ms(0)) == nil)
    #expect(find(cache, 3, at: ms(0)) == packet(3, 1000))
    cache.store(sequence: 4, packet: packet(4, 1).span, at: ms(0))
    #expect(find(cache, 3, at: ms(0)) == nil)
  }
}
