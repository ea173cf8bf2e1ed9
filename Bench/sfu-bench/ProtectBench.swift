import RTP
import SRTP
import WireBytes

/// Protecting and opening one packet, for each profile, size and implementation.
struct ProtectBench {
  let profile: SRTPProfile
  let implementation: SRTPImplementation
  /// The RTP packet without its tag.
  let packetBytes: Int
  /// Streams that take turns; libsrtp2 looks for one after the other.
  var streams = 1

  private func key() -> [UInt8] { (0..<profile.keyLength).map { UInt8($0) } }
  private func salt() -> [UInt8] { (0..<profile.saltLength).map { UInt8($0) } }

  private func sender(_ implementation: SRTPImplementation) throws -> SRTPSender {
    try SRTPSender(profile: profile, masterKey: key(), masterSalt: salt(), implementation: implementation)
  }

  /// A libsrtp2 session that has protected a packet. NSS's cryptography is in memory as long as there is one, and there
  /// the meter must find it.
  static func warmUp() -> SRTPSender? {
    let bench = ProtectBench(profile: .aeadAES128GCM, implementation: .libsrtp, packetBytes: 120)
    guard let sender = try? bench.sender(.libsrtp) else { return nil }
    let packets = Packets(bytes: 120, streams: 1)
    packets.number(1)
    packets.edit(0) { (bytes, length) throws(SRTPError) in try sender.protectRTP(&bytes, length: length) }
    return sender
  }

  func protect(meter: Meter) throws -> Cost {
    let sender = try sender(implementation)
    let packets = Packets(bytes: packetBytes, streams: streams)
    let workload = Workload(
      prepare: { packets.number($0) },
      run: { count in
        for index in 0..<count {
          packets.edit(index) { (bytes, length) throws(SRTPError) in try sender.protectRTP(&bytes, length: length) }
        }
      }, finish: { try packets.check($0, added: profile.authTagLength) })
    return try meter.measure(workload, units: 256, rounds: 40, traced: streams == 1 ? 2 : 0)
  }

  func unprotect(meter: Meter) throws -> Cost {
    let sender = try sender(.standard)
    let receiver = try SRTPReceiver(
      profile: profile, masterKey: key(), masterSalt: salt(), implementation: implementation)
    let packets = Packets(bytes: packetBytes, streams: streams)
    let workload = Workload(
      prepare: { count in
        packets.number(count)
        for index in 0..<count {
          packets.edit(index) { (bytes, length) throws(SRTPError) in try sender.protectRTP(&bytes, length: length) }
        }
      },
      run: { count in
        for index in 0..<count {
          packets.edit(index) { (bytes, length) throws(SRTPError) in try receiver.unprotectRTP(&bytes, length: length) }
        }
      }, finish: { try packets.check($0, added: 0) })
    return try meter.measure(workload, units: 256, rounds: 40, traced: streams == 1 ? 2 : 0)
  }

  /// Numbered packets in a slab.
  private final class Packets {
    private let slab = PacketSlab(capacity: 512)
    private let bytes: Int
    private let streams: Int
    private var sequences: [UInt16]
    private var next = 0
    private var failures = 0

    init(bytes: Int, streams: Int) {
      self.bytes = bytes
      self.streams = streams
      sequences = [UInt16](repeating: 0, count: streams)
    }

    /// Gives the first `count` slots a header each, the streams in turn.
    func number(_ count: Int) {
      for index in 0..<count {
        let stream = next % streams
        next += 1
        sequences[stream] &+= 1
        let header = EgressHeader(
          marker: false, payloadType: PayloadType(96), sequenceNumber: sequences[stream], timestamp: UInt32(next),
          ssrc: SSRC(UInt32(stream + 1) &* 0x0101_6F31))
        let slot = PacketSlot(index: UInt32(index))
        _ = slab.edit(slot) { header.write(into: &$0, dependencyDescriptor: Span()) }
        slab.setLength(bytes, of: slot)
      }
    }

    @inline(__always)
    func edit(_ index: Int, _ body: (inout MutableSpan<UInt8>, Int) throws(SRTPError) -> Int) {
      let slot = PacketSlot(index: UInt32(index))
      let length = slab.length(of: slot)
      do throws(SRTPError) {
        slab.setLength(
          try slab.edit(slot) { (bytes) throws(SRTPError) in try body(&bytes, length) }, of: slot)
      } catch {
        failures += 1
      }
    }

    func check(_ count: Int, added: Int) throws {
      let right = (0..<count).count { slab.length(of: PacketSlot(index: UInt32($0))) == bytes + added }
      guard failures == 0, right == count else { throw BenchError.missing(UInt64(right), of: UInt64(count)) }
    }
  }
}
