import WireBytes

/// One publisher, N subscribers: protected datagram in, N protected datagrams in the batch.
struct FanOutBench {
  static let fanOuts = [1, 8, 32, 128]

  /// The cost of a packet in and all its copies, for each copy. `packetBytes` leaves the tag out.
  static func run(subscribers: Int, packetBytes: Int, meter: Meter, traced: Int) throws -> Cost {
    let call = try BenchCall(subscribers: subscribers, packetBytes: packetBytes)
    let workload = Workload(
      prepare: { try call.prepare($0) }, run: { _ in call.receive() },
      finish: { try call.clear(forwarded: $0 * subscribers) })
    return try meter.measure(workload, units: 8, rounds: max(40, 2_000 / subscribers), traced: traced)
      .divided(by: Double(subscribers))
  }
}
