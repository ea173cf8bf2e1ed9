import DTLS
import SRTP
import TestKit
import Testing
import WireBytes

struct DTLSHostileTests {
  /// Browsers offer a post-quantum key share: their ClientHello does not fit one datagram.
  @Test(arguments: [2, 3, 5], [false, true])
  func `a ClientHello in fragments is accepted, in any order`(_ count: Int, _ reversed: Bool) throws {
    let pair = try DTLSPair()
    pair.network = { index, side, datagram in
      guard side == .client else { return [datagram] }
      if index == 0 {
        let fragments = DTLSRecords.fragment(datagram, into: count, from: 0)
        return reversed ? fragments.reversed() : fragments
      }
      // The fragments used up record numbers, which the client does not know of.
      let records = DTLSRecords.split(datagram).map { record in
        DTLSRecords.epoch(record) == 0 ? DTLSRecords.renumber(record) { $0 + 16 } : record
      }
      return [Array(records.joined())]
    }
    #expect(try pair.run(limit: .seconds(1)))
    #expect(pair.isConnected)
    #expect(try pair.client.exportKeyingMaterial() == pair.server.exportKeyingMaterial())
  }

  @Test func `garbage between the records changes nothing`() throws {
    let pair = try DTLSPair()
    var random = SeededRandom(seed: 11)
    pair.network = { _, _, datagram in
      let noise = (0..<20).map { index -> [UInt8] in
        var bytes = random.bytes(Int.random(in: 0...1500, using: &random))
        // Half of it looks like a record at first sight, of an epoch that is not there yet.
        if index % 2 == 0, bytes.count > 13 {
          bytes.replaceSubrange(0..<5, with: [UInt8.random(in: 20...26, using: &random), 0xFE, 0xFD, 0x7F, 0xFF])
        } else if !bytes.isEmpty {
          bytes[0] = UInt8.random(in: 20...63, using: &random)
          if bytes.count > 3 { bytes[1] = 0x55 }
        }
        return bytes
      }
      return noise + [datagram] + noise
    }
    #expect(try pair.run())
    #expect(pair.isConnected && pair.clientError == nil && pair.serverError == nil)
    for _ in 0..<200 {
      var bytes = random.bytes(Int.random(in: 13...200, using: &random))
      bytes.replaceSubrange(0..<5, with: [23, 0xFE, 0xFD, 0, 1])
      pair.deliver(bytes, from: .client)
    }
    #expect(pair.server.isConnected, "forged records of the right epoch are dropped")
  }

  @Test func `a truncated or changed ClientHello ends in an error or in silence`() throws {
    let probe = try DTLSPair()
    try probe.start()
    let hello = try #require(probe.client.nextDatagram())
    let variants =
      MalformedSweep.truncations(of: hello) + MalformedSweep.mutations(of: hello, count: 600, seed: 21)
    for variant in variants {
      let server = try DTLSSession(
        role: .server, identity: probe.serverIdentity, peerFingerprint: probe.clientIdentity.fingerprint)
      do throws(DTLSError) { try server.receive(variant.span, at: probe.now) } catch {
        guard case .handshakeFailed = error else {
          Issue.record("unexpected \(error)")
          continue
        }
        #expect(server.isClosed)
      }
      #expect(!server.isConnected)
    }
  }

  @Test func `a changed datagram never leads to different keys`() throws {
    for seed: UInt64 in 0..<60 {
      let pair = try DTLSPair()
      var random = SeededRandom(seed: seed)
      let target = Int.random(in: 0..<8, using: &random)
      pair.network = { index, _, datagram in
        index == target ? MalformedSweep.mutations(of: datagram, count: 1, seed: seed) : [datagram]
      }
      _ = try pair.run(limit: .seconds(60))
      guard pair.isConnected else { continue }
      #expect(try pair.client.exportKeyingMaterial() == pair.server.exportKeyingMaterial())
    }
  }

  @Test func `what a stranger sends after the handshake is dropped`() throws {
    let pair = try DTLSPair()
    var seen: [(DTLSPair.Side, [UInt8])] = []
    pair.network = { _, side, datagram in
      seen.append((side, datagram))
      return [datagram]
    }
    #expect(try pair.run())
    // A fatal alert and a close_notify in the clear, then the whole handshake again.
    for alert: [UInt8] in [[2, 40], [1, 0]] {
      let record: [UInt8] = [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2] + alert
      pair.deliver(record, from: .client)
      pair.deliver(record, from: .server)
    }
    for (side, datagram) in seen { pair.deliver(datagram, from: side) }
    #expect(pair.isConnected && pair.clientError == nil && pair.serverError == nil)
  }

  @Test func `a server answers an unauthenticated hello with a bounded number of bytes, once`() throws {
    let pair = try DTLSPair()
    try pair.start()
    let hello = try #require(pair.client.nextDatagram())
    for _ in 0..<200 { pair.deliver(hello, from: .client) }
    var answered = 0
    while let datagram = pair.server.nextDatagram() { answered += datagram.count }
    #expect(answered > 0 && answered < 4000)
  }
}
