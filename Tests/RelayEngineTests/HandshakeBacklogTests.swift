import CallKit
import DTLS
import RelayEngine
import SDP
import Testing
import WireBytes

/// Many who come at once must not keep the media of others waiting.
@Suite struct HandshakeBacklogTests {
  private static let sections = [ClientOffer.Section.sending(.video, "v", ssrc: 0x1111), .receiving(.video, "v0")]

  /// So many members that have made their offers and sent a check; their first flights are still to come.
  private func newcomers(_ count: Int, on call: HopCall) throws -> [(peer: HopPeer, hello: [UInt8])] {
    try (0..<count).map { _ in
      let peer = try call.connect(Self.sections)
      return (peer, [22, 0xFE, 0xFD] + [UInt8](repeating: 0, count: 30))
    }
  }

  /// Reads all of these at once, as a shard does that finds them in its socket.
  private func readAtOnce(_ datagrams: [(source: Endpoint, bytes: [UInt8])], on call: HopCall) {
    let target = call.shards.engines[0].configuration.advertised[0]
    for datagram in datagrams {
      call.shards.receive(burst: [datagram.bytes], from: datagram.source, to: target, at: call.now)
    }
  }

  @Test func `handshakes are done a few at a time, and the engine says that there is more`() throws {
    let call = try HopCall(seed: 91)
    let all = try newcomers(10, on: call)
    let engine = call.shards.engines[0]
    let later = engine.nextDeadline
    readAtOnce(all.map { ($0.peer.endpoint, $0.hello) }, on: call)
    // One after the other they are looked at, and refused: nothing of that is a record.
    var left: [Int] = []
    while engine.nextDeadline <= call.now {
      left.append(call.slab.inUse)
      call.shards.expire(at: call.now)
    }
    #expect(left == [10, 6, 2])
    #expect(call.slab.inUse == 0)
    #expect(engine.nextDeadline >= min(later, call.now))
  }

  @Test func `who sends more than a handshake takes loses that, and nobody else does`() throws {
    let call = try HopCall(seed: 92)
    let all = try newcomers(2, on: call)
    let flood = [(source: Endpoint, bytes: [UInt8])](repeating: (all[0].peer.endpoint, all[0].hello), count: 30)
    readAtOnce(flood + [(all[1].peer.endpoint, all[1].hello)], on: call)
    #expect(call.slab.inUse == 9)
    #expect(call.counters.drops(.dtlsBacklogFull) == 22)
  }
}
