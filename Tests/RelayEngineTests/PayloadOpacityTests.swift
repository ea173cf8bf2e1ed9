import CallKit
import ClientEngine
import RTP
import RelayEngine
import TestKit
import Testing
import WireBytes

/// What the relay cannot read it cannot decide by.
@Suite struct PayloadOpacityTests {
  /// DESIGN section 2, proof 5: what the relay cannot read it cannot decide by.
  @Test func `random payload bytes change no forwarding decision`() throws {
    let plain = try transcript(scrambled: false)
    let scrambled = try transcript(scrambled: true)
    #expect(plain.lines.count > 2_000)
    #expect(plain.lines == scrambled.lines)
    #expect(plain.frames == scrambled.frames)
    #expect(scrambled.scrambledPackets > 500)
    #expect(plain.forwarded == scrambled.forwarded)
  }

  private struct Transcript {
    /// Every media packet that the relay sent: to whom, when, its header, its payload's length.
    var lines: [String] = []
    var frames = 0
    var scrambledPackets = 0
    var forwarded: UInt64 = 0
  }

  /// One call under loss and reordering. With `scrambled`, every payload is replaced by random bytes before it reaches
  /// the relay and put back behind it, so that members act alike in both runs.
  private func transcript(scrambled: Bool) throws -> Transcript {
    let call = try VirtualCall(seed: 11)
    var random = SeededRandom(seed: 1_111)
    var originals: [[UInt8]: [UInt8]] = [:]
    var replacements: [[UInt8]: [UInt8]] = [:]
    var transcript = Transcript()
    call.onHopPacket = { packet in
      // In a retransmission the first two bytes are the original sequence number (RFC 4588 section 4).
      let isRepair = packet.header.payloadType.rawValue == 97
      let front = Array(packet.payload.prefix(isRepair ? 2 : 0))
      let payload = Array(packet.payload.dropFirst(front.count))
      switch packet.direction {
      case .toRelay:
        guard scrambled else { return nil }
        let replacement = replacements[payload] ?? random.bytes(payload.count)
        replacements[payload] = replacement
        originals[replacement] = payload
        transcript.scrambledPackets += 1
        return front + replacement
      case .toMember:
        transcript.lines.append(
          "\(call.now.nanoseconds) \(packet.member) \(packet.headerBytes) \(front) \(payload.count)")
        return originals[payload].map { front + $0 }
      }
    }
    let members = try call.join(3)
    call.startMedia(members)
    try call.run(for: .seconds(1))
    call.conditions.loss = 0.03
    call.conditions.jitter = .milliseconds(8)
    try call.run(for: .seconds(2))
    call.conditions = NetworkConditions()
    try call.settle()
    transcript.frames = members.reduce(0) { total, receiver in
      total + receiver.received.values.reduce(0) { $0 + $1.count }
    }
    transcript.forwarded = call.relay.counters.packetsForwarded
    #expect(members.allSatisfy { $0.mismatches == 0 && $0.participant.statistics.decryptFailures == 0 })
    return transcript
  }
}
