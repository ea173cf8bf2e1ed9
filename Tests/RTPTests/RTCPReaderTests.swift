import RTP
import TestKit
import Testing
import WireBytes

struct RTCPReaderTests {
  /// One of everything.
  private static let compound: [UInt8] = {
    let block = ReportBlock(
      ssrc: SSRC(2), fractionLost: 0, cumulativeLost: 0, highestSequence: 1, jitter: 2, lastSR: 3, delaySinceLastSR: 4)
    let info = SenderInfo(ntp: 1 << 40, rtpTimestamp: 1, packets: 2, octets: 3)
    var bytes: [UInt8] = []
    RTCPWriter.senderReport(ssrc: SSRC(1), info: info, blocks: [block], into: &bytes)
    RTCPWriter.receiverReport(ssrc: SSRC(1), blocks: [block, block], into: &bytes)
    RTCPWriter.sdes(ssrc: SSRC(1), cname: "name", into: &bytes)
    RTCPWriter.nack(sender: SSRC(1), media: SSRC(2), lost: [1, 5, 100], into: &bytes)
    RTCPWriter.pli(sender: SSRC(1), media: SSRC(2), into: &bytes)
    RTCPWriter.remb(sender: SSRC(1), bitrate: 1_000_000, ssrcs: [SSRC(2)], into: &bytes)
    bytes += [0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 9, 0, 0, 0]
    bytes += [0x8F, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 1, 0, 0, 0, 0]
    RTCPWriter.bye(ssrcs: [SSRC(1)], into: &bytes)
    return bytes
  }()

  @Test func `a compound is read in order`() throws {
    let kinds = try packets(Self.compound).map { packet in
      switch packet {
      case .senderReport: "sr"
      case .receiverReport: "rr"
      case .sdes: "sdes"
      case .nack: "nack"
      case .pli: "pli"
      case .remb: "remb"
      case .fir: "fir"
      case .transportFeedback: "twcc"
      case .bye: "bye"
      case .unknown: "unknown"
      }
    }
    #expect(kinds == ["sr", "rr", "sdes", "nack", "pli", "remb", "fir", "twcc", "bye"])
  }

  @Test func `nothing holds no packets`() throws { #expect(try packets([]).isEmpty) }

  @Test func `a reduced-size packet needs no report before it`() throws {
    var bytes: [UInt8] = []
    RTCPWriter.pli(sender: SSRC(1), media: SSRC(2), into: &bytes)
    #expect(try packets(bytes) == [.pli(sender: SSRC(1), media: SSRC(2))])
  }

  @Test func `unknown packets are stepped over`() throws {
    var bytes: [UInt8] =
      [0x85, 204, 0, 1, 1, 2, 3, 4] + [0x80, 207, 0, 0] + [0x83, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]
    // Application layer feedback that is not REMB, with and without content.
    bytes += [0x8F, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0] + Array("ABCD".utf8)
    bytes += [0x8F, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0]
    RTCPWriter.bye(ssrcs: [SSRC(4)], into: &bytes)
    #expect(
      try packets(bytes) == [
        .unknown(type: 204, fmt: 5), .unknown(type: 207, fmt: 0), .unknown(type: 205, fmt: 3),
        .unknown(type: 206, fmt: 15), .unknown(type: 206, fmt: 15), .bye([SSRC(4)]),
      ])
  }

  @Test func `padding is left out`() throws {
    let bytes: [UInt8] = [0xA1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4]
    #expect(try packets(bytes) == [.pli(sender: SSRC(1), media: SSRC(2))])
  }

  @Test(arguments: [UInt8(0), 13, 255])
  func `padding that is empty or longer than the packet is refused`(padding: UInt8) {
    let bytes: [UInt8] = [0xA1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, padding]
    #expect(throws: RTPError.badPadding) { try packets(bytes) }
  }

  @Test func `counts that the packet does not hold are refused`() {
    let malformed: [[UInt8]] = [
      [0x82, 201, 0, 7] + [UInt8](repeating: 0, count: 28),
      [0x83, 203, 0, 2] + [UInt8](repeating: 0, count: 8),
      [0x80, 200, 0, 5] + [UInt8](repeating: 0, count: 20),
      [0x81, 206, 0, 1, 0, 0, 0, 1],
      [0x8F, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0] + Array("REMB".utf8) + [1, 0, 0, 1],
      [0x81, 206, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2],
      [0x41, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2],
      [0x81, 206, 0],
    ]
    for bytes in malformed { #expect(throws: RTPError.badRTCP) { try packets(bytes) } }
  }

  @Test func `a compound that is cut off is read up to the cut`() throws {
    let whole = try packets(Self.compound)
    for cut in MalformedSweep.truncations(of: Self.compound) {
      var reader = RTCPReader(cut.span)
      var read: [RTCPPacket] = []
      do throws(RTPError) {
        while let packet = try reader.next() { read.append(packet) }
      } catch {
        #expect(error == .badRTCP)
      }
      #expect(read == Array(whole.prefix(read.count)))
    }
  }

  @Test func `mutated compounds are read or refused, and reading ends`() {
    for variant in MalformedSweep.mutations(of: Self.compound, count: 6000, seed: 23) {
      var reader = RTCPReader(variant.span)
      var steps = 0
      while steps <= variant.count, let packet = try? reader.next() {
        steps += 1
        switch packet {
        case .nack(_, _, let lost): #expect(lost.count <= 512)
        case .fir(_, let media): #expect(media.count <= variant.count / 8)
        case .remb(_, _, let ssrcs): #expect(ssrcs.count <= 255)
        default: break
        }
      }
      #expect(steps <= variant.count / 4)
    }
  }
}
