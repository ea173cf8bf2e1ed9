import Forwarding
import RTP
import Testing
import WireBytes

@Suite struct LinkRingTests {
  private func record(_ number: Int, _ kind: LinkRecord.Kind = .packet) -> LinkRecord {
    var ids = HeaderExtensionIDs()
    ids.dependencyDescriptor = UInt8(truncatingIfNeeded: number)
    return LinkRecord(
      kind, track: UInt32(number), encoding: number % 3, value: UInt16(truncatingIfNeeded: number), ids: ids,
      at: MonotonicInstant(nanoseconds: UInt64(number)))
  }

  private func bytes(_ number: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number * 37 % 1_500)
  }

  private func write(_ number: Int, _ content: [UInt8] = [], to ring: LinkRing) -> Bool {
    ring.write(record(number), content.span)
  }

  @Test func `nothing is seen before it is published, and everything after, in order`() {
    let ring = LinkRing(capacity: 65_536)
    for number in 0..<20 { #expect(write(number, bytes(number), to: ring)) }
    #expect(ring.isEmpty)
    #expect(ring.drain { _, _ in true } == 0)
    #expect(ring.publish())
    var seen: [UInt32] = []
    let count = ring.drain { found, content in
      let number = Int(found.track)
      seen.append(found.track)
      #expect(found.kind == .packet && found.encoding == number % 3 && found.value == UInt16(number))
      #expect(found.ids.dependencyDescriptor == UInt8(number))
      #expect(found.arrival == MonotonicInstant(nanoseconds: UInt64(number)))
      #expect(content.toArray() == bytes(number))
      return true
    }
    #expect(count == 20 && seen == Array(0..<20))
    #expect(ring.isEmpty)
  }

  @Test func `a full ring takes no more, and goes on when it was read`() {
    let ring = LinkRing(capacity: 4_096)
    var written = 0
    while write(written, [UInt8](repeating: 7, count: 200), to: ring) { written += 1 }
    // 256 bytes for 200, and a unit of 64 for the header.
    #expect(written == 4_096 / 320)
    _ = ring.publish()
    var seen = 0
    _ = ring.drain { _, _ in
      seen += 1
      return seen < 3
    }
    #expect(seen == 3)
    #expect(write(written, [UInt8](repeating: 7, count: 200), to: ring))
    #expect(!write(0, [UInt8](repeating: 7, count: 4_000), to: ring), "longer than half the ring")
  }

  @Test func `positions wrap a thousand times and no byte is lost`() {
    let ring = LinkRing(capacity: 8_192)
    var (written, read) = (0, 0)
    for round in 0..<20_000 {
      for _ in 0..<(round % 5) where write(written, bytes(written), to: ring) { written += 1 }
      _ = ring.publish()
      _ = ring.drain { found, content in
        #expect(found.track == UInt32(read) && content.count == bytes(read).count)
        #expect(content.isEmpty || content[content.count - 1] == UInt8(truncatingIfNeeded: read))
        read += 1
        return read % 7 != 0
      }
    }
    _ = ring.drain { _, _ in
      read += 1
      return true
    }
    #expect(read == written && written > 8_192)
  }

  @Test func `a sleeping reader is woken once, and does not fall asleep over something unread`() {
    let ring = LinkRing(capacity: 65_536)
    // It sleeps from the beginning: nobody has asked it to read yet.
    #expect(!ring.publish(), "nothing was written")
    #expect(write(1, to: ring))
    #expect(ring.publish())
    #expect(write(2, to: ring))
    #expect(!ring.publish(), "it is awake")
    #expect(!ring.sleep(), "there is something to read")
    _ = ring.drain { _, _ in true }
    #expect(ring.sleep())
    #expect(write(3, to: ring))
    #expect(ring.publish())
  }

  @Test(.timeLimit(.minutes(1))) func `two threads lose nothing and never both wait`() async {
    let ring = LinkRing(capacity: 16_384)
    let (stream, wakeUps) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let total = 50_000
    async let sum: Int = {
      var (count, sum) = (0, 0)
      var iterator = stream.makeAsyncIterator()
      while count < total {
        let found = ring.drain { found, content in
          sum += Int(found.track) + content.count
          return true
        }
        count += found
        if found == 0, ring.sleep() { _ = await iterator.next() }
      }
      return sum
    }()
    var number = 0
    while number < total {
      if write(number, bytes(number % 100), to: ring) {
        number += 1
        if number % 8 == 0, ring.publish() { wakeUps.yield() }
      } else {
        if ring.publish() { wakeUps.yield() }
        await Task.yield()
      }
    }
    if ring.publish() { wakeUps.yield() }
    let expected = (0..<total).reduce(0) { $0 + $1 + bytes($1 % 100).count }
    #expect(await sum == expected)
  }
}
