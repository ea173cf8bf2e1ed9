import RTP
import TestKit
import Testing
import WireBytes

/// Packets of a compound until the first error.
func packets(_ compound: [UInt8]) throws(RTPError) -> [RTCPPacket] {
  var reader = RTCPReader(compound.span)
  var packets: [RTCPPacket] = []
  while let packet = try reader.next() { packets.append(packet) }
  return packets
}

struct RTCPTests {
  private static func block(_ ssrc: UInt32, lost: Int32 = 3) -> ReportBlock {
    ReportBlock(
      ssrc: SSRC(ssrc), fractionLost: 25, cumulativeLost: lost, highestSequence: 0x0001_FFFF, jitter: 42,
      lastSR: 0xAABB_CCDD, delaySinceLastSR: 65_536)
  }

  private static let info = SenderInfo(
    ntp: 0x0123_4567_89AB_CDEF, rtpTimestamp: 90_000, packets: 100, octets: 123_456)

  @Test func `a sender report is laid out as in RFC 3550`() throws {
    var bytes: [UInt8] = []
    RTCPWriter.senderReport(ssrc: SSRC(1), info: Self.info, blocks: [Self.block(2, lost: -1)], into: &bytes)
    let expected: [UInt8] =
      [0x81, 200, 0, 12, 0, 0, 0, 1, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0, 1, 0x5F, 0x90, 0, 0, 0, 100]
      + [0, 1, 0xE2, 0x40, 0, 0, 0, 2, 25, 0xFF, 0xFF, 0xFF, 0, 1, 0xFF, 0xFF, 0, 0, 0, 42, 0xAA, 0xBB, 0xCC, 0xDD]
      + [0, 1, 0, 0]
    #expect(bytes == expected)
    #expect(
      try packets(bytes) == [.senderReport(ssrc: SSRC(1), info: Self.info, blocks: [Self.block(2, lost: -1)])])
  }

  @Test(arguments: [Int32(0), 1, -1, 0x7F_FFFF, -0x80_0000])
  func `cumulative loss is 24 bits with a sign`(lost: Int32) throws {
    var bytes: [UInt8] = []
    RTCPWriter.receiverReport(ssrc: SSRC(9), blocks: [Self.block(2, lost: lost)], into: &bytes)
    #expect(try packets(bytes) == [.receiverReport(ssrc: SSRC(9), blocks: [Self.block(2, lost: lost)])])
  }

  @Test(arguments: [0, 1, 31, 32, 63, 100])
  func `reports of many sources take as many packets as they need`(count: Int) throws {
    let blocks = (0..<count).map { Self.block(UInt32($0)) }
    var receiver: [UInt8] = []
    RTCPWriter.receiverReport(ssrc: SSRC(9), blocks: blocks, into: &receiver)
    var sender: [UInt8] = []
    RTCPWriter.senderReport(ssrc: SSRC(9), info: Self.info, blocks: blocks, into: &sender)
    for bytes in [receiver, sender] {
      let read = try packets(bytes)
      #expect(read.count == max(1, (count + 30) / 31))
      let all = read.flatMap { packet -> [ReportBlock] in
        switch packet {
        case .senderReport(SSRC(9), Self.info, let blocks), .receiverReport(SSRC(9), let blocks): blocks
        default: []
        }
      }
      #expect(all == blocks)
    }
  }

  @Test(arguments: 0...9)
  func `a description ends in zeros and fills whole words`(length: Int) throws {
    var bytes: [UInt8] = []
    RTCPWriter.sdes(ssrc: SSRC(7), cname: String(repeating: "c", count: length), into: &bytes)
    #expect(bytes.count % 4 == 0)
    #expect(Int(bytes.span.u16(at: 2)) == bytes.count / 4 - 1)
    #expect(Array(bytes[8..<10]) == [1, UInt8(length)])
    #expect(bytes.last == 0)
    #expect(try packets(bytes) == [.sdes])
  }

  @Test func `a name of more than 255 bytes is cut`() throws {
    var bytes: [UInt8] = []
    RTCPWriter.sdes(ssrc: SSRC(7), cname: String(repeating: "c", count: 300), into: &bytes)
    #expect(bytes[9] == 255)
    #expect(try packets(bytes) == [.sdes])
  }

  @Test func `lost packets are packed into id and mask`() throws {
    var bytes: [UInt8] = []
    RTCPWriter.nack(sender: SSRC(1), media: SSRC(2), lost: [10, 11, 13, 26, 27], into: &bytes)
    #expect(
      bytes == [0x81, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10, 0x80, 0x05, 0, 27, 0, 0])
    #expect(try packets(bytes) == [.nack(sender: SSRC(1), media: SSRC(2), lost: [10, 11, 13, 26, 27])])
  }

  @Test func `a request across the wrap takes one pair`() throws {
    var bytes: [UInt8] = []
    RTCPWriter.nack(sender: SSRC(1), media: SSRC(2), lost: [65_534, 65_535, 0, 0, 14], into: &bytes)
    #expect(bytes.count == 16)
    #expect(try packets(bytes) == [.nack(sender: SSRC(1), media: SSRC(2), lost: [65_534, 65_535, 0, 14])])
  }

  @Test func `a request for more than an honest peer can miss is cut`() throws {
    var bytes: [UInt8] = []
    RTCPWriter.nack(sender: SSRC(1), media: SSRC(2), lost: (0..<2000).map { UInt16($0) }, into: &bytes)
    guard case .nack(_, _, let lost) = try packets(bytes).first else { throw RTPError.badRTCP }
    #expect(lost.count <= 512)
    #expect(lost == (0..<lost.count).map { UInt16($0) })
  }

  @Test func `a picture loss indication has twelve bytes`() throws {
    var bytes: [UInt8] = []
    RTCPWriter.pli(sender: SSRC(1), media: SSRC(0xFF00_00FF), into: &bytes)
    #expect(bytes == [0x81, 206, 0, 2, 0, 0, 0, 1, 0xFF, 0, 0, 0xFF])
    #expect(try packets(bytes) == [.pli(sender: SSRC(1), media: SSRC(0xFF00_00FF))])
  }

  @Test func `a full intra request names its targets in its entries`() throws {
    let bytes: [UInt8] =
      [0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0] + [0, 0, 0, 5, 9, 0, 0, 0] + [0, 0, 0, 6, 10, 0, 0, 0]
    #expect(try packets(bytes) == [.fir(sender: SSRC(1), media: [SSRC(5), SSRC(6)])])
  }

  @Test(arguments: [
    (UInt64(0), UInt64(0)), (1, 1), (0x3FFFF, 0x3FFFF), (0x40000, 0x40000), (2_500_000, 2_499_984 + 16),
    (999_999_999, 999_997_440), (.max, 0x3FFFF << 46),
  ])
  func `an estimate keeps eighteen bits`(bitrate: UInt64, expected: UInt64) throws {
    var bytes: [UInt8] = []
    RTCPWriter.remb(sender: SSRC(1), bitrate: bitrate, ssrcs: [SSRC(3), SSRC(4)], into: &bytes)
    #expect(bytes.count == 28)
    #expect(Array(bytes[12..<16]) == Array("REMB".utf8))
    #expect(try packets(bytes) == [.remb(sender: SSRC(1), bitrate: expected, ssrcs: [SSRC(3), SSRC(4)])])
  }

  @Test func `an estimate beyond 64 bits saturates`() throws {
    let head: [UInt8] = [0x8F, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0] + Array("REMB".utf8)
    let huge: [UInt8] = head + [0, 0xFC, 0, 1]
    #expect(try packets(huge) == [.remb(sender: SSRC(1), bitrate: .max, ssrcs: [])])
    let zero: [UInt8] = head + [0, 0xFC, 0, 0]
    #expect(try packets(zero) == [.remb(sender: SSRC(1), bitrate: 0, ssrcs: [])])
  }

  @Test(arguments: [0, 1, 31, 40])
  func `sources say goodbye`(count: Int) throws {
    let ssrcs = (0..<count).map { SSRC(UInt32($0)) }
    var bytes: [UInt8] = []
    RTCPWriter.bye(ssrcs: ssrcs, into: &bytes)
    let left = try packets(bytes).flatMap { packet -> [SSRC] in
      if case .bye(let ssrcs) = packet { ssrcs } else { [] }
    }
    #expect(left == ssrcs)
  }
}
