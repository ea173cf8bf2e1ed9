import ClientEngine
import TestKit
import WireBytes

/// Makes the packets of one video stream as a sender would, for the assembler.
struct PacketStream {
  private(set) var sequence: Int64 = 100_000
  private var timestamp: UInt32 = 0
  private var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// One frame's packets and its sealed bytes.
  mutating func frame(
    size: Int, isKeyFrame: Bool = false, at now: MonotonicInstant = MonotonicInstant(nanoseconds: 0)
  ) -> (packets: [MediaPacket], sealed: [UInt8]) {
    let sealed = random.bytes(size)
    let payloads = FramePacketizer.packetize(sealed)
    timestamp &+= 3_000
    var packets: [MediaPacket] = []
    for (index, payload) in payloads.enumerated() {
      let skipped = VP8PayloadDescriptor.length(in: payload.span) ?? 0
      packets.append(
        MediaPacket(
          sequence: sequence, timestamp: timestamp, startsFrame: index == 0, endsFrame: index == payloads.count - 1,
          isKeyFrame: isKeyFrame, payload: Array(payload.dropFirst(skipped)), arrivedAt: now))
      sequence += 1
    }
    return (packets, sealed)
  }

  /// A packet without payload, as probing sends it.
  mutating func padding(at now: MonotonicInstant = MonotonicInstant(nanoseconds: 0)) -> MediaPacket {
    defer { sequence += 1 }
    return MediaPacket(
      sequence: sequence, timestamp: timestamp, startsFrame: false, endsFrame: false, isKeyFrame: false, payload: [],
      arrivedAt: now)
  }

  /// A sender that jumps ahead.
  mutating func skip(_ count: Int64) { sequence += count }
}

func milliseconds(_ n: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: n * 1_000_000) }
