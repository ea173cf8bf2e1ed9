import DatagramIO
import Glibc
import Testing
import WireBytes

/// What a kernel does under load, or with an old or a broken device: the outcomes are scripted, what is sent is real.
@Suite struct SendingTroubleTests {
  private let sender: UDPPort
  private let receiver: UDPPort
  private let slab = PacketSlab(capacity: 128)
  private let batch = EgressBatch(capacity: 64)

  init() throws {
    func port() throws -> UDPPort {
      try UDPPort(
        binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
    }
    sender = try port()
    receiver = try port()
    sender.prepare(batchCapacity: 64)
  }

  private final class Script {
    var outcomes: [Int]
    var calls: [Int] = []
    init(_ outcomes: [Int]) { self.outcomes = outcomes }
  }

  /// Sends packets of these lengths with these outcomes of the first calls; later ones succeed. Returns the first bytes
  /// of what arrives.
  private func send(_ lengths: [Int], _ outcomes: [Int]) throws -> (arrived: [UInt8], calls: [Int]) {
    let script = Script(outcomes)
    sender.scriptSending { count in
      script.calls.append(count)
      return script.outcomes.isEmpty ? count : script.outcomes.removeFirst()
    }
    for (number, length) in lengths.enumerated() {
      let slot = try #require(slab.take())
      slab.fill(slot, with: [UInt8](repeating: UInt8(number), count: length))
      #expect(batch.append(slot, to: receiver.local))
    }
    sender.send(batch, releasing: slab)
    #expect(batch.count == 0 && slab.inUse == 0)
    var arrived: [UInt8] = []
    repeat {
      receiver.receive(into: slab) { slot, _, _ in
        arrived.append(slab.read(slot) { $0[0] })
        slab.release(slot)
      }
    } while receiver.mayHaveMore
    return (arrived, script.calls)
  }

  /// Six runs: each length is longer than the one before.
  private let rising = [100, 200, 300, 400, 500, 600]

  @Test func `a call that takes some is followed by one for the rest`() throws {
    let result = try send(rising, [2, 1])
    #expect(result.arrived == [0, 1, 2, 3, 4, 5])
    #expect(result.calls == [6, 4, 3])
    #expect(sender.counters.sent == 6 && sender.counters.sendCalls == 3)
    #expect(sender.counters.sentBytes == 2_100)
  }

  @Test(arguments: [EAGAIN, ENOBUFS]) func `a full buffer drops the rest and counts every datagram`(code: CInt) throws {
    let result = try send(rising + [600, 600], [2, -Int(code)])
    #expect(result.arrived == [0, 1])
    #expect(sender.counters.sent == 2 && sender.counters.wouldBlockDrops == 6 && sender.counters.sendErrors == 0)
    #expect(try send(rising, []).arrived == [0, 1, 2, 3, 4, 5], "the next batch goes")
  }

  @Test func `an interrupted call is made again`() throws {
    #expect(try send(rising, [-Int(EINTR), -Int(EINTR)]).arrived == [0, 1, 2, 3, 4, 5])
    #expect(sender.counters.sent == 6 && sender.counters.sendErrors == 0)
  }

  @Test(arguments: [EMSGSIZE, EINVAL])
  func `a run that is refused for its size goes one by one, and later runs are tried again`(code: CInt) throws {
    try #require(sender.usesSegmentation)
    let result = try send([500, 500, 500, 700], [-Int(code)])
    #expect(result.arrived == [0, 1, 2, 3])
    #expect(result.calls == [2, 3, 1])
    #expect(sender.counters.sent == 4 && sender.counters.segmentationRefusals == 1 && sender.counters.gsoRuns == 0)
    #expect(sender.usesSegmentation)
    #expect(try send([500, 500], []).arrived == [0, 1])
    #expect(sender.counters.gsoRuns == 1 && sender.counters.gsoDatagrams == 2)
  }

  @Test func `a device without checksums for segments is not asked twice`() throws {
    try #require(sender.usesSegmentation)
    #expect(try send([500, 500, 500], [-Int(EIO)]).arrived == [0, 1, 2])
    #expect(!sender.usesSegmentation && sender.counters.segmentationRefusals == 1)
    #expect(try send([500, 500, 500], []).arrived == [0, 1, 2])
    #expect(sender.counters.gsoRuns == 0 && sender.counters.segmentationRefusals == 1)
  }

  @Test func `what goes one by one may find a full buffer, or one bad datagram, in the middle`() throws {
    let blocked = try send([500, 500, 500, 500], [-Int(EMSGSIZE), 1, -Int(EAGAIN)])
    #expect(blocked.arrived == [0])
    #expect(sender.counters.wouldBlockDrops == 3)
    let bad = try send([500, 500, 500, 500], [-Int(EMSGSIZE), 1, -Int(EPERM)])
    #expect(bad.arrived == [0, 2, 3])
    #expect(sender.counters.sendErrors == 1 && sender.counters.sent == 4)
  }

  @Test func `one that the kernel refuses by itself is counted, and the others go`() throws {
    #expect(try send(rising, [3, -Int(EPERM)]).arrived == [0, 1, 2, 4, 5])
    #expect(sender.counters.sendErrors == 1 && sender.counters.sent == 5)
  }

  @Test func `the buffers that the kernel gave can be told`() {
    #expect(sender.receiveBufferBytes >= 1 << 17 && sender.sendBufferBytes >= 1 << 17)
  }
}
