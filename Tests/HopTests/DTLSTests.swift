import DTLS
import SRTP
import TestKit
import Testing
import WireBytes

struct DTLSTests {
  @Test func `two sessions shake hands without any time passing`() throws {
    let pair = try DTLSPair()
    let began = pair.now
    #expect(try pair.run())
    #expect(pair.isConnected && pair.now == began)
    #expect(pair.client.deadline == .never && pair.server.deadline == .never)
    #expect(try pair.client.exportKeyingMaterial() == pair.server.exportKeyingMaterial())
  }

  @Test func `the keys of a handshake carry SRTP in both directions`() throws {
    let pair = try DTLSPair()
    #expect(try pair.run())
    let client = try pair.client.makeSRTP()
    let server = try pair.server.makeSRTP()
    #expect(client.profile == .aeadAES256GCM && server.profile == .aeadAES256GCM)
    let packet = SRTPFixture.rtp(1, payload: [1, 2, 3, 4])
    for (sender, receiver) in [(client.sender, server.receiver), (server.sender, client.receiver)] {
      let sealed = try SRTPFixture.inPlace(packet, room: 16) { (span, length) throws(SRTPError) in
        try sender.protectRTP(&span, length: length)
      }
      let opened = try SRTPFixture.inPlace(sealed, room: 0) { (span, length) throws(SRTPError) in
        try receiver.unprotectRTP(&span, length: length)
      }
      #expect(opened == packet)
    }
    // The directions have different keys: what a side sent is not accepted by its own receiver.
    let reflected = try SRTPFixture.inPlace(
      SRTPFixture.rtp(2, payload: [5]), room: 16
    ) { (span, length) throws(SRTPError) in
      try client.sender.protectRTP(&span, length: length)
    }
    #expect(throws: SRTPError.authenticationFailed) {
      try SRTPFixture.inPlace(reflected, room: 0) { (span, length) throws(SRTPError) in
        try client.receiver.unprotectRTP(&span, length: length)
      }
    }
  }

  @Test func `one identity serves many sessions, in either role`() throws {
    let shared = try DTLSIdentity()
    for role in [DTLSRole.client, .server] {
      for _ in 0..<3 {
        let other = try DTLSIdentity()
        let ours = try DTLSSession(role: role, identity: shared, peerFingerprint: other.fingerprint)
        let theirs = try DTLSSession(
          role: role == .client ? .server : .client, identity: other, peerFingerprint: shared.fingerprint)
        let now = MonotonicInstant(nanoseconds: 1)
        try ours.start(at: now)
        try theirs.start(at: now)
        for _ in 0..<4 {
          while let datagram = ours.nextDatagram() { try theirs.receive(datagram.span, at: now) }
          while let datagram = theirs.nextDatagram() { try ours.receive(datagram.span, at: now) }
        }
        #expect(ours.isConnected && theirs.isConnected)
        #expect(try ours.exportKeyingMaterial() == theirs.exportKeyingMaterial())
      }
    }
  }

  @Test func `no datagram is longer than the MTU`() throws {
    let pair = try DTLSPair()
    var longest = 0
    pair.network = { _, _, datagram in
      longest = max(longest, datagram.count)
      return [datagram]
    }
    #expect(try pair.run())
    #expect(longest > 0 && longest <= DTLSSession.maximumDatagram)
  }

  @Test(arguments: [
    ([SRTPProfile.aes128CMHMACSHA1_80, .aeadAES128GCM], SRTPProfile.preferred, SRTPProfile.aeadAES128GCM),
    (SRTPProfile.preferred, [SRTPProfile.aes128CMHMACSHA1_80], .aes128CMHMACSHA1_80),
    (SRTPProfile.preferred, [SRTPProfile.aeadAES128GCM, .aeadAES256GCM], .aeadAES128GCM),
  ])
  func `the server's first profile that the client offers is taken`(
    _ client: [SRTPProfile], _ server: [SRTPProfile], _ expected: SRTPProfile
  ) throws {
    let pair = try DTLSPair(clientProfiles: client, serverProfiles: server)
    #expect(try pair.run())
    #expect(try pair.client.makeSRTP().profile == expected)
    #expect(try pair.server.makeSRTP().profile == expected)
  }

  @Test func `without a common profile nobody is connected`() throws {
    let pair = try DTLSPair(clientProfiles: [.aes128CMHMACSHA1_80], serverProfiles: [.aeadAES256GCM])
    #expect(try pair.run())
    #expect(pair.serverError == .noSRTPProfile)
    #expect(pair.clientError == .noSRTPProfile || pair.clientError == nil)
    #expect(!pair.client.isConnected && !pair.server.isConnected)
    #expect(throws: DTLSError.notConnected) { _ = try pair.server.makeSRTP() }
    #expect(throws: DTLSError.notConnected) { _ = try pair.client.makeSRTP() }
  }

  @Test func `a client refuses a server with another certificate`() throws {
    let pair = try DTLSPair(serverFingerprint: [UInt8](repeating: 7, count: 32))
    #expect(try pair.run())
    #expect(pair.clientError == .fingerprintMismatch)
    #expect(pair.serverError == .handshakeFailed(.peerAlert))
    #expect(pair.client.isClosed && pair.server.isClosed && !pair.server.isConnected)
  }

  @Test func `a server refuses a client with another certificate`() throws {
    let pair = try DTLSPair(clientFingerprint: [UInt8](repeating: 7, count: 32))
    #expect(try pair.run())
    #expect(pair.serverError == .fingerprintMismatch)
    #expect(pair.clientError == .handshakeFailed(.peerAlert))
    #expect(pair.client.isClosed && pair.server.isClosed && !pair.client.isConnected)
    #expect(throws: DTLSError.notConnected) { _ = try pair.server.makeSRTP() }
  }

  @Test func `a fingerprint that differs in one bit is another one`() throws {
    let probe = try DTLSPair()
    var fingerprint = probe.serverIdentity.fingerprint
    fingerprint[31] ^= 1
    let client = try DTLSSession(role: .client, identity: probe.clientIdentity, peerFingerprint: fingerprint)
    let server = try DTLSSession(
      role: .server, identity: probe.serverIdentity, peerFingerprint: probe.clientIdentity.fingerprint)
    let now = MonotonicInstant(nanoseconds: 1)
    try client.start(at: now)
    while let datagram = client.nextDatagram() { try server.receive(datagram.span, at: now) }
    #expect(throws: DTLSError.fingerprintMismatch) {
      while let datagram = server.nextDatagram() { try client.receive(datagram.span, at: now) }
    }
  }

  @Test func `parameters that cannot work are refused at once`() throws {
    let identity = try DTLSIdentity()
    #expect(throws: DTLSError.libraryFailure) {
      _ = try DTLSSession(role: .client, identity: identity, peerFingerprint: [1, 2, 3])
    }
    #expect(throws: DTLSError.libraryFailure) {
      _ = try DTLSSession(role: .client, identity: identity, peerFingerprint: identity.fingerprint, profiles: [])
    }
  }

  @Test func `close_notify ends both sides`() throws {
    let pair = try DTLSPair()
    #expect(try pair.run())
    pair.client.close()
    #expect(pair.client.isClosed && !pair.client.isConnected)
    pair.exchange()
    #expect(pair.server.isClosed && !pair.server.isConnected)
    #expect(throws: DTLSError.closed) { try pair.server.receive([22, 0xFE, 0xFD].span, at: pair.now) }
    #expect(throws: DTLSError.notConnected) { _ = try pair.server.makeSRTP() }
  }

  @Test func `a session that has settled sends nothing more, and what comes changes nothing`() throws {
    let pair = try DTLSPair()
    #expect(try pair.run())
    let (sender, receiver) = (try pair.server.makeSRTP(), try pair.client.makeSRTP())
    pair.server.settle()
    pair.client.close()
    pair.exchange()
    #expect(pair.server.isConnected && !pair.server.isClosed)
    #expect(pair.server.nextDatagram() == nil)
    #expect(pair.server.deadline == .never)
    #expect(throws: DTLSError.notConnected) { _ = try pair.server.exportKeyingMaterial() }
    // The keys that were given out before go on.
    var packet = [0x80, 0x60, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3] + [UInt8](repeating: 0, count: 16)
    var span = packet.mutableSpan
    let sealed = try sender.sender.protectRTP(&span, length: 15)
    #expect(try receiver.receiver.unprotectRTP(&span, length: sealed) == 15)
    pair.server.close()
    #expect(pair.server.isClosed)
  }

  @Test func `a session that is not connected does not settle`() throws {
    let pair = try DTLSPair()
    pair.server.settle()
    pair.client.settle()
    #expect(try pair.run())
    #expect(pair.isConnected)
  }
}
