import DTLS
import TestKit
import Testing
import WireBytes

/// Loss, repetition and disorder. All time is virtual: a test that waited for OpenSSL's own clock would hang here.
struct DTLSLossTests {
  @Test func `a lost flight goes out again when its deadline comes, and not before`() throws {
    let pair = try DTLSPair()
    try pair.start()
    let hello = try #require(pair.client.nextDatagram())
    #expect(pair.client.nextDatagram() == nil)
    let deadline = pair.client.deadline
    #expect(deadline == pair.now + .milliseconds(200))

    pair.wait(.milliseconds(199))
    pair.expire()
    #expect(pair.client.nextDatagram() == nil && pair.client.deadline == deadline)
    pair.wait(.milliseconds(1))
    pair.expire()
    let again = try #require(pair.client.nextDatagram())
    // The same message under the next record number (RFC 6347 section 4.2.4).
    #expect(again.count == hello.count && again != hello)
    #expect(Array(again.dropFirst(13)) == Array(hello.dropFirst(13)))
    #expect(pair.client.deadline == pair.now + .milliseconds(400))

    pair.deliver(again, from: .client)
    pair.exchange()
    #expect(pair.isConnected)
  }

  @Test(arguments: 0..<12)
  func `the loss of any one datagram only costs time`(_ lost: Int) throws {
    let pair = try DTLSPair()
    pair.network = { index, _, datagram in index == lost ? [] : [datagram] }
    #expect(try pair.run(limit: .seconds(3)))
    // The last datagram is the server's: it is connected before the client.
    #expect(pair.isConnected)
    #expect(try pair.client.exportKeyingMaterial() == pair.server.exportKeyingMaterial())
  }

  @Test func `a server that is done repeats its last flight for a client that is not`() throws {
    let pair = try DTLSPair()
    var isLosing = true
    pair.network = { [unowned pair] _, side, datagram in
      isLosing && side == .server && pair.server.isConnected ? [] : [datagram]
    }
    try pair.start()
    pair.exchange()
    #expect(pair.server.isConnected && !pair.client.isConnected)
    #expect(pair.server.deadline == .never, "the client's retransmission drives it")
    isLosing = false
    pair.wait(.milliseconds(200))
    pair.expire()
    pair.exchange()
    #expect(pair.isConnected)
    #expect(try pair.client.exportKeyingMaterial() == pair.server.exportKeyingMaterial())
  }

  @Test(arguments: UInt64(1)...20)
  func `three in ten datagrams lost, repeated or swapped do not stop a handshake`(_ seed: UInt64) throws {
    let pair = try DTLSPair()
    var random = SeededRandom(seed: seed)
    var held: (side: DTLSPair.Side, datagram: [UInt8])?
    pair.network = { _, side, datagram in
      switch Int.random(in: 0..<10, using: &random) {
      case 0: return []
      case 1: return [datagram, datagram]
      case 2 where held == nil:
        held = (side, datagram)
        return []
      default:
        guard let late = held, late.side == side else { return [datagram] }
        held = nil
        return [datagram, late.datagram]
      }
    }
    #expect(try pair.run(limit: .seconds(60)))
    #expect(pair.isConnected)
    #expect(try pair.client.exportKeyingMaterial() == pair.server.exportKeyingMaterial())
  }

  @Test func `a client without answer waits longer each time and gives up in the end`() throws {
    let pair = try DTLSPair()
    var sentAt: [MonotonicInstant] = []
    pair.network = { [unowned pair] _, _, _ in
      sentAt.append(pair.now)
      return []
    }
    #expect(try pair.run(limit: .seconds(300)))
    #expect(pair.clientError == .handshakeFailed(.timeout))
    #expect(pair.client.isClosed && pair.client.deadline == .never)
    let waits = zip(sentAt, sentAt.dropFirst()).map { $1.nanoseconds(since: $0) / 1_000_000 }
    #expect(waits.prefix(6) == [200, 400, 800, 1600, 3200, 3200])
    #expect(waits.count >= 8 && waits.dropFirst(4).allSatisfy { $0 == 3200 })
    #expect(throws: DTLSError.closed) { try pair.client.receive([22].span, at: pair.now) }
  }

  @Test func `after an answer the waits begin anew`() throws {
    let pair = try DTLSPair()
    var losing = true
    pair.network = { _, _, datagram in losing ? [] : [datagram] }
    try pair.start()
    pair.exchange()
    for wait: UInt64 in [200, 400, 800] {
      pair.wait(.milliseconds(wait))
      pair.expire()
      pair.exchange()
    }
    #expect(pair.client.deadline == pair.now + .milliseconds(1600))
    losing = false
    pair.wait(.milliseconds(1600))
    pair.expire()
    let hello = try #require(pair.client.nextDatagram())
    pair.deliver(hello, from: .client)
    #expect(pair.server.deadline == pair.now + .milliseconds(200))
    pair.exchange()
    #expect(pair.isConnected)
  }
}
