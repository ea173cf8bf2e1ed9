import HopCrypto
import STUN
import Testing
import WireBytes

struct BuilderTests {
  private static let id = [UInt8](1...12)
  private static let key = Array("a password of the house".utf8)

  private func sign(_ builder: STUNMessageBuilder) -> [UInt8] {
    builder.finish { HopHMAC.sha1(key: Self.key, message: $0) }
  }

  @Test func `a check of the controlling side comes back as it went in`() throws {
    var builder = STUNMessageBuilder(messageClass: .request, transactionID: Self.id)
    builder.username("relayUfr:peerUfrg")
    builder.priority(0x7E00_00FF)
    builder.controlling(0xFFFF_0000_1234_5678)
    builder.useCandidate()
    let datagram = sign(builder)
    try verifyIntegrity(datagram, key: Self.key)
    let message = try parse(datagram)
    #expect(message.messageClass == .request)
    #expect(message.transactionID == Self.id)
    #expect(message.username == "relayUfr:peerUfrg")
    #expect(message.priority == 0x7E00_00FF)
    #expect(message.iceControlling == 0xFFFF_0000_1234_5678)
    #expect(message.iceControlled == nil)
    #expect(message.useCandidate)
    #expect(message.hasIntegrity)
    #expect(message.hasFingerprint)
    #expect(DatagramKind(datagram.span) == .stun)
  }

  @Test(arguments: [
    Endpoint(ipv4: 0xC000_0201, port: 32853), Endpoint(ipv4: 0, port: 0), Endpoint(ipv4: .max, port: .max),
    Endpoint(high: 0x2001_0DB8_0000_0000, low: 1, port: 443), Endpoint(high: .max, low: .max, port: 1),
  ])
  func `mapped addresses come back`(endpoint: Endpoint) throws {
    var builder = STUNMessageBuilder(messageClass: .success, transactionID: Self.id)
    builder.xorMappedAddress(endpoint)
    let datagram = sign(builder)
    let message = try parse(datagram)
    #expect(message.messageClass == .success)
    #expect(message.xorMappedAddress == endpoint)
  }

  @Test(arguments: [300, 400, 401, 420, 487, 500, 699])
  func `errors come back`(code: Int) throws {
    var builder = STUNMessageBuilder(messageClass: .error, transactionID: Self.id)
    builder.errorCode(code, reason: "why")
    builder.unknownAttributes([0x0026, 0x7FFF, 0x0001])
    let message = try parse(sign(builder))
    #expect(message.messageClass == .error)
    #expect(message.errorCode == code)
    #expect(message.unknownRequired.isEmpty)
  }

  @Test func `a controlled side's indication without a key has a fingerprint alone`() throws {
    var builder = STUNMessageBuilder(messageClass: .indication, transactionID: Self.id)
    builder.controlled(7)
    let datagram = builder.finish(hmac: nil)
    let message = try parse(datagram)
    #expect(message.messageClass == .indication)
    #expect(message.iceControlled == 7)
    #expect(!message.hasIntegrity)
    #expect(message.hasFingerprint)
    #expect(throws: STUNError.missingIntegrity) { try verifyIntegrity(datagram, key: Self.key) }
  }

  @Test(arguments: 0...9)
  func `a username of any length is padded`(length: Int) throws {
    var builder = STUNMessageBuilder(messageClass: .request, transactionID: Self.id)
    let name = String(repeating: "u", count: length)
    builder.username(name)
    builder.priority(1)
    let datagram = sign(builder)
    #expect(datagram.count % 4 == 0)
    #expect(Int(datagram.span.u16(at: 2)) == datagram.count - 20)
    let message = try parse(datagram)
    #expect(message.username == name)
    #expect(message.priority == 1)
  }

  @Test func `a builder may be finished twice`() throws {
    var builder = STUNMessageBuilder(messageClass: .request, transactionID: Self.id)
    builder.priority(1)
    #expect(sign(builder) == sign(builder))
  }
}
