import HopCrypto
import STUN
import Testing
import WireBytes

func verifyIntegrity(_ datagram: [UInt8], key: [UInt8]) throws(STUNError) {
  try STUNMessage.verifyIntegrity(of: datagram.span) { HopHMAC.sha1(key: key, message: $0) }
}

func parse(_ datagram: [UInt8]) throws(STUNError) -> STUNMessage { try STUNMessage(parsing: datagram.span) }

/// RFC 5769.
struct VectorTests {
  @Test func `the sample request is read`() throws {
    let message = try parse(RFC5769.request)
    #expect(message.messageClass == .request)
    #expect(message.transactionID == RFC5769.transactionID)
    #expect(message.username == "evtj:h6vY")
    #expect(message.priority == 0x6E00_01FF)
    #expect(message.iceControlled == 0x932F_F9B1_5126_3B36)
    #expect(message.iceControlling == nil)
    #expect(!message.useCandidate)
    #expect(message.hasIntegrity)
    #expect(message.hasFingerprint)
    #expect(message.unknownRequired.isEmpty)
    try verifyIntegrity(RFC5769.request, key: RFC5769.password)
  }

  @Test func `the sample response with an IPv4 address is read`() throws {
    let message = try parse(RFC5769.responseIPv4)
    #expect(message.messageClass == .success)
    #expect(message.xorMappedAddress == Endpoint(address: "192.0.2.1", port: 32853))
    #expect(message.hasFingerprint)
    try verifyIntegrity(RFC5769.responseIPv4, key: RFC5769.password)
  }

  @Test func `the sample response with an IPv6 address is read`() throws {
    let message = try parse(RFC5769.responseIPv6)
    #expect(message.messageClass == .success)
    #expect(message.xorMappedAddress == Endpoint(address: "2001:db8:1234:5678:11:2233:4455:6677", port: 32853))
    try verifyIntegrity(RFC5769.responseIPv6, key: RFC5769.password)
  }

  @Test func `the sample request with long-term credentials is read`() throws {
    let message = try parse(RFC5769.longTermRequest)
    #expect(message.messageClass == .request)
    #expect(message.username == "マトリックス")
    #expect(message.hasIntegrity)
    #expect(!message.hasFingerprint)
    #expect(message.unknownRequired.isEmpty)
    try verifyIntegrity(RFC5769.longTermRequest, key: RFC5769.longTermKey)
  }

  @Test func `another key does not verify`() {
    for vector in RFC5769.all {
      #expect(throws: STUNError.badIntegrity) { try verifyIntegrity(vector, key: Array("other".utf8)) }
    }
  }
}
