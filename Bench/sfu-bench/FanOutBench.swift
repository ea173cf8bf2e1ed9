import WireBytes

/// One publisher, N subscribers: protected datagram in, N protected datagrams in the batch.
struct FanOutBench {
  static let fanOuts = [1, 8, 32, 128]

  /// Packets of a frame, read at once.
  static let burst = 8
  /// Enough to leave nothing of the relay's in the caches, as other work of the machine does between two frames.
  private static let evictedBytes = 96 << 20

  /// The cost of a packet in and all its copies, for each copy. `packetBytes` leaves the tag out. `isCold`: each burst
  /// finds the caches full of something else.
  static func run(
    subscribers: Int, packetBytes: Int, isCold: Bool = false, meter: Meter, traced: Int = 0
  ) throws -> Cost {
    let call = try BenchCall(subscribers: subscribers, packetBytes: packetBytes)
    var other = [UInt8](repeating: 1, count: isCold ? evictedBytes : 0)
    let workload = Workload(
      prepare: { count in
        try call.prepare(count)
        for index in stride(from: 0, to: other.count, by: 64) { other[index] &+= 1 }
      }, run: { _ in call.receive() },
      finish: { try call.clear(forwarded: $0 * subscribers) })
    return try meter.measure(workload, units: burst, rounds: max(40, 2_000 / subscribers), traced: traced)
      .divided(by: Double(subscribers))
  }
}
