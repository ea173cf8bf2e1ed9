import Testing
import WireBytes

struct ByteReaderTests {
  @Test func `fields are read in network order`() throws {
    let bytes = [UInt8](1...21)
    var reader = ByteReader(bytes.span)
    #expect(try reader.u8() == 0x01)
    #expect(try reader.u16() == 0x0203)
    #expect(try reader.u24() == 0x0004_0506)
    #expect(try reader.u32() == 0x0708_090A)
    #expect(try reader.u64() == 0x0B0C_0D0E_0F10_1112)
    #expect(reader.remaining == 3)
    let taken = try reader.take(1)
    #expect(taken[0] == 0x13)
    try reader.skip(1)
    #expect(try reader.array(1) == [0x15])
    let isAtEnd = reader.isAtEnd
    #expect(isAtEnd)
  }

  @Test func `a field that is not whole is refused and takes nothing`() throws {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7]
    for length in 0..<8 {
      let cut = Array(bytes.prefix(length))
      var reader = ByteReader(cut.span)
      for width in [1, 2, 3, 4, 8] where width > length {
        do throws(ByteError) {
          switch width {
          case 1: _ = try reader.u8()
          case 2: _ = try reader.u16()
          case 3: _ = try reader.u24()
          case 4: _ = try reader.u32()
          default: _ = try reader.u64()
          }
          Issue.record("a field of \(width) bytes was read from \(length)")
        } catch {
          #expect(error == .truncated)
        }
        #expect(reader.position == 0)
      }
    }
  }

  @Test(arguments: [-1, 4, Int.max, Int.min])
  func `an impossible count is refused`(count: Int) {
    let bytes: [UInt8] = [1, 2, 3]
    #expect(throws: ByteError.truncated) {
      var reader = ByteReader(bytes.span)
      try reader.skip(count)
    }
    #expect(throws: ByteError.truncated) {
      var reader = ByteReader(bytes.span)
      _ = try reader.array(count)
    }
    #expect(throws: ByteError.truncated) {
      var reader = ByteReader(bytes.span)
      _ = try reader.take(count)
    }
  }

  @Test func `what is appended is read again`() {
    var bytes: [UInt8] = []
    bytes.append(u16: 0x0102)
    bytes.append(u24: 0xFF03_0405)
    bytes.append(u32: 0x0607_0809)
    bytes.append(u64: 0x0A0B_0C0D_0E0F_1011)
    #expect(bytes == [UInt8](1...17))
    var stored = [UInt8](repeating: 0, count: 14)
    var span = stored.mutableSpan
    span.store(UInt16(0x0102), at: 0)
    span.store(UInt32(0x0304_0506), at: 2)
    span.store(UInt64(0x0708_090A_0B0C_0D0E), at: 6)
    #expect(span.u16(at: 0) == 0x0102)
    #expect(span.u32(at: 2) == 0x0304_0506)
    #expect(stored == [UInt8](1...14))
    var copy: [UInt8] = [0]
    copy.append(span: stored.span)
    #expect(copy == [UInt8](0...14))
  }
}
