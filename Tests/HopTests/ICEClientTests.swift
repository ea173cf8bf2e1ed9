import HopCrypto
import ICE
import STUN
import TestKit
import Testing
import WireBytes

struct ICEClientTests {
  @Test func `a lone candidate is nominated within one round trip`() {
    var path = ICEFixture()
    #expect(path.client.state == .new && path.client.nextDeadline == .never)
    path.connect()
    #expect(path.client.state == .checking)
    let began = path.now
    path.run(.seconds(1)) { $0.client.state == .connected }
    #expect(path.client.selected == ICEFixture.relayAddress)
    #expect(path.relay.selected == ICEFixture.clientAddress)
    #expect(path.now == began + .milliseconds(20))
    #expect(path.requests.count == 1 && path.nominations == 1)
  }

  @Test func `of several candidates the one that works is nominated`() {
    let dead = Endpoint(ipv4: 0x0A09_0909, port: 1)
    let other = Endpoint(ipv4: 0xC000_0202, port: 3478)
    var path = ICEFixture()
    path.reachable = [ICEFixture.relayAddress, other]
    path.connect([dead, ICEFixture.relayAddress, other])
    path.run(.seconds(5)) { $0.client.state == .connected }
    #expect(path.client.selected == ICEFixture.relayAddress)
    #expect(path.relay.selected == ICEFixture.clientAddress && path.nominations == 1)
    #expect(path.requests.first?.to == dead)
    // The checks of the others have ended.
    let count = path.requests.count
    path.run(.seconds(3))
    #expect(path.requests.count == count)
  }

  @Test(arguments: UInt64(1)...20)
  func `both ends agree over a path that loses four in ten`(_ seed: UInt64) {
    let other = Endpoint(ipv4: 0xC000_0202, port: 3478)
    var path = ICEFixture(seed: seed)
    path.lossPercent = 40
    path.reachable = [ICEFixture.relayAddress, other]
    path.connect(seed % 2 == 0 ? [ICEFixture.relayAddress] : [ICEFixture.relayAddress, other])
    path.run(.seconds(30)) { $0.client.state == .connected }
    #expect(path.client.state == .connected)
    #expect(path.relay.selected == ICEFixture.clientAddress)
  }

  @Test func `a path longer than the first timeout works too`() {
    var path = ICEFixture()
    path.delay = .milliseconds(400)
    path.connect()
    path.run(.seconds(5)) { $0.client.state == .connected }
    #expect(path.client.state == .connected)
  }

  @Test func `with a wrong password the relay is silent and the client fails`() {
    var path = ICEFixture()
    path.connect(password: "not the relay's password")
    path.run(.seconds(60))
    #expect(path.client.state == .failed && path.client.selected == nil && path.relay.selected == nil)
    #expect(path.client.nextDeadline == .never)
    #expect(path.requests.count == 12)
  }

  @Test func `no candidates means failure at once`() {
    var path = ICEFixture()
    path.connect([])
    #expect(path.client.state == .failed && path.client.nextDeadline == .never)
  }

  @Test func `a thousand candidates make sixteen checks`() {
    var path = ICEFixture()
    path.reachable = []
    path.connect((0..<1000).map { Endpoint(ipv4: 0x0A00_0000 | UInt32($0), port: 9) })
    path.run(.seconds(60))
    #expect(Set(path.requests.map(\.to)).count == 16)
    #expect(path.client.state == .failed)
  }

  @Test func `a role conflict ends the check`() throws {
    var path = ICEFixture()
    var client = path.client
    client.setRemote(ICEFixture.relayCredentials, candidates: [ICEFixture.relayAddress], at: path.now)
    let request = client.nextTransmit()
    let datagram = try #require(request?.datagram)
    let id = try STUNMessage(parsing: datagram.span).transactionID
    var refusal = STUNMessageBuilder(messageClass: .error, transactionID: id)
    refusal.errorCode(487, reason: "Role Conflict")
    let bytes = ICEFixture.finish(refusal, password: ICEFixture.relayCredentials.pwd)
    try client.receive(bytes.span, from: ICEFixture.relayAddress, at: path.now)
    #expect(client.state == .failed)
    path.client = client
  }

  @Test func `consent is asked for every four to six seconds, and each time anew`() throws {
    var path = ICEFixture(seed: 5)
    path.connect()
    path.run(.seconds(1)) { $0.client.state == .connected }
    path.run(.seconds(120))
    #expect(path.client.state == .connected && path.relay.hasConsent(at: path.now))
    let waits = zip(path.requests, path.requests.dropFirst()).map { $1.at.milliseconds(since: $0.at) }
    #expect((19...30).contains(waits.count))
    #expect(waits.allSatisfy { (4000...6050).contains($0) })
    #expect(Set(waits.map { Int($0) / 100 }).count > 4, "they are not regular")
  }

  @Test func `consent survives loss and ends with the path`() {
    var path = ICEFixture(seed: 2)
    path.connect()
    path.run(.seconds(1)) { $0.client.state == .connected }
    path.lossPercent = 20
    path.run(.seconds(60))
    #expect(path.client.state == .connected)
    path.lossPercent = 100
    path.run(.seconds(15))
    #expect(!path.relay.hasConsent(at: path.now), "the relay's limit is shorter")
    #expect(path.client.state == .connected)
    path.run(.seconds(20))
    #expect(path.client.state == .disconnected && path.client.selected == nil)
    #expect(path.client.nextDeadline == .never)
    let count = path.requests.count
    path.run(.seconds(60))
    #expect(path.requests.count == count)
  }

  @Test func `a restart leads back`() {
    var path = ICEFixture()
    path.connect()
    path.run(.seconds(1)) { $0.client.state == .connected }
    path.lossPercent = 100
    path.run(.seconds(40))
    path.lossPercent = 0
    path.connect()
    #expect(path.client.state == .checking)
    path.run(.seconds(1)) { $0.client.state == .connected }
    #expect(path.client.state == .connected && path.relay.hasConsent(at: path.now))
  }

  @Test func `a NAT that changes its mapping is followed`() {
    var path = ICEFixture()
    path.connect()
    path.run(.seconds(1)) { $0.client.state == .connected }
    path.clientAddress = Endpoint(ipv4: 0xC633_6401, port: 41_000)
    path.run(.seconds(7))
    #expect(path.relay.selected == path.clientAddress && path.client.state == .connected)
  }

  @Test func `only authentic answers from the right place count`() throws {
    let now = MonotonicInstant(nanoseconds: 1)
    var client = ICEFixture().client
    let target = ICEFixture.relayAddress
    let stranger = Endpoint(ipv4: 0x0102_0304, port: 5)
    #expect(throws: ICEError.unexpected) { try client.receive(ICEFixture.check().span, from: target, at: now) }
    client.setRemote(ICEFixture.relayCredentials, candidates: [target], at: now)
    let request = client.nextTransmit()
    let datagram = try #require(request?.datagram)
    let id = try STUNMessage(parsing: datagram.span).transactionID
    func answer(_ id: [UInt8], password: String) -> [UInt8] {
      var message = STUNMessageBuilder(messageClass: .success, transactionID: id)
      message.xorMappedAddress(ICEFixture.clientAddress)
      return ICEFixture.finish(message, password: password)
    }
    let good = answer(id, password: ICEFixture.relayCredentials.pwd)
    let forged = answer(id, password: "guess")
    let unasked = answer([UInt8](repeating: 0, count: 12), password: ICEFixture.relayCredentials.pwd)
    #expect(throws: ICEError.unauthenticated) { try client.receive(forged.span, from: target, at: now) }
    #expect(throws: ICEError.unexpected) { try client.receive(unasked.span, from: target, at: now) }
    #expect(throws: ICEError.unexpected) { try client.receive(good.span, from: stranger, at: now) }
    #expect(throws: ICEError.unexpected) { try client.receive(ICEFixture.check().span, from: target, at: now) }
    for variant in MalformedSweep.truncations(of: good) + MalformedSweep.mutations(of: good, count: 1000, seed: 4)
    where ICEFixture.authenticPart(variant) != ICEFixture.authenticPart(good) {
      _ = try? client.receive(variant.span, from: target, at: now)
      #expect(client.state == .checking)
    }
    try client.receive(good.span, from: target, at: now)
    #expect(client.state == .connected && client.selected == target)
    #expect(throws: ICEError.unexpected) { try client.receive(good.span, from: target, at: now) }
  }
}
