import Testing
import WireBytes

struct SerialNumberTests {
  @Test(arguments: [
    (UInt16(1), UInt16(0), true), (0, 1, false), (0, 0, false), (0, 65_535, true), (65_535, 0, false),
    (0x7FFF, 0, true), (0x8000, 0, false), (0, 0x8001, true), (0, 0x8000, false), (5, 65_530, true),
  ])
  func `sequence numbers compare on a circle`(a: UInt16, b: UInt16, newer: Bool) {
    #expect(SerialNumber.isNewer(a, than: b) == newer)
  }

  @Test(arguments: [
    (UInt32(1), UInt32(0), true), (0, .max, true), (.max, 0, false), (0x7FFF_FFFF, 0, true), (0x8000_0000, 0, false),
    (7, 7, false),
  ])
  func `timestamps compare on a circle`(a: UInt32, b: UInt32, newer: Bool) {
    #expect(SerialNumber.isNewer(a, than: b) == newer)
  }

  @Test func `two different numbers are never both newer`() {
    for distance in stride(from: UInt16(1), through: .max, by: 257) {
      for start: UInt16 in [0, 1, 0x7FFF, 0x8000, 65_535] {
        let other = start &+ distance
        #expect(!(SerialNumber.isNewer(start, than: other) && SerialNumber.isNewer(other, than: start)))
      }
    }
  }
}

struct SequenceUnwrapperTests {
  @Test func `the first number starts one cycle up`() {
    var unwrapper = SequenceUnwrapper()
    #expect(unwrapper.highest == nil)
    #expect(unwrapper.extend(5) == 65_541)
    #expect(unwrapper.highest == 65_541)
  }

  @Test func `a stream is followed through many wraps`() {
    var unwrapper = SequenceUnwrapper()
    let first = unwrapper.extend(65_500)
    for step in 1...200_000 {
      #expect(unwrapper.extend(UInt16(truncatingIfNeeded: 65_500 + step)) == first + Int64(step))
    }
  }

  @Test func `a late packet from before the wrap gets its own number and moves nothing`() {
    var unwrapper = SequenceUnwrapper()
    let before = unwrapper.extend(65_534)
    #expect(unwrapper.extend(2) == before + 4)
    #expect(unwrapper.extend(65_535) == before + 1)
    #expect(unwrapper.highest == before + 4)
    #expect(unwrapper.extend(0) == before + 2)
  }

  @Test func `a packet from before the first is not below zero`() {
    var unwrapper = SequenceUnwrapper()
    _ = unwrapper.extend(0)
    #expect(unwrapper.extend(65_535) == 65_535)
    #expect(unwrapper.extend(0x8000) == 0x8000)
    #expect(unwrapper.highest == 65_536)
  }

  @Test func `the nearest number is taken`() {
    var unwrapper = SequenceUnwrapper()
    let first = unwrapper.extend(1000)
    #expect(unwrapper.extend(1000 &+ 0x7FFF) == first + 0x7FFF)
    var other = SequenceUnwrapper()
    _ = other.extend(1000)
    #expect(other.extend(1000 &+ 0x8000) == first - 0x8000)
  }
}
