import CRuntimeCounters
import DTLS
import DatagramIO
import HopCrypto
import RelayEngine
import SDP
import Signaling
import WireBytes

/// What one more participant takes of the relay's memory.
enum MemoryBench {
  struct Result {
    let name: String
    /// In use by malloc, for each participant.
    let heapBytes: Int
    /// Growth of the resident set, for each participant.
    let residentBytes: Int
  }

  /// Subscribers of one publisher who sends 150 packets/s for `seconds`, after their handshakes.
  static func subscribers(_ count: Int, seconds: Int) throws -> Result {
    // The first call makes what the process makes once.
    let first = try BenchCall(subscribers: 2, packetBytes: 1_200)
    try pump(first, subscribers: 2, packets: 300)
    let small = try BenchCall(subscribers: 1, packetBytes: 1_200)
    try pump(small, subscribers: 1, packets: 150 * seconds)
    let before = snapshot()
    let large = try BenchCall(subscribers: 1 + count, packetBytes: 1_200)
    try pump(large, subscribers: 1 + count, packets: 150 * seconds)
    let after = snapshot()
    // `large` is a second call of its own: taking the room of one subscriber away leaves `count` participants.
    let one = try BenchCall(subscribers: 1, packetBytes: 1_200)
    try pump(one, subscribers: 1, packets: 150 * seconds)
    let end = snapshot()
    withExtendedLifetime((first, small, large, one)) {}
    return Result(
      name: "subscriber that receives 150 packets/s",
      heapBytes: (after.heap - before.heap - (end.heap - after.heap)) / count,
      residentBytes: (after.resident - before.resident - (end.resident - after.resident)) / count)
  }

  private static func pump(_ call: BenchCall, subscribers: Int, packets: Int) throws {
    for _ in 0..<(packets / 2) {
      try call.prepare(2)
      call.receive()
      try call.clear(forwarded: 2 * subscribers)
    }
  }

  private static func snapshot() -> (heap: Int, resident: Int) {
    (Int(runtime_heap_bytes()), Int(runtime_resident_bytes()))
  }
}
