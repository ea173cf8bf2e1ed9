import HopCrypto
import STUN
import TestKit
import Testing
import WireBytes

struct MalformedTests {
  private static let id = [UInt8](1...12)

  /// A message of raw attributes, without integrity and fingerprint.
  private static func message(type: UInt16 = 0x0001, _ attributes: [(UInt16, [UInt8])]) -> [UInt8] {
    var body: [UInt8] = []
    for (type, value) in attributes {
      body.append(u16: type)
      body.append(u16: UInt16(value.count))
      body += value
      while body.count % 4 != 0 { body.append(0) }
    }
    var message: [UInt8] = []
    message.append(u16: type)
    message.append(u16: UInt16(body.count))
    message.append(u32: 0x2112_A442)
    return message + id + body
  }

  @Test func `a cut-off message is refused at every length`() {
    for vector in RFC5769.all {
      for cut in MalformedSweep.truncations(of: vector) {
        #expect(throws: cut.count < 20 ? STUNError.truncated : .badLength) { try parse(cut) }
        #expect(throws: STUNError.self) { try verifyIntegrity(cut, key: RFC5769.password) }
      }
    }
  }

  @Test func `a longer datagram than the header says is refused`() {
    #expect(throws: STUNError.badLength) { try parse(RFC5769.request + [0]) }
    #expect(throws: STUNError.badLength) { try parse(RFC5769.request + [0, 0, 0, 0]) }
  }

  @Test func `lengths of no whole words are refused`() {
    var datagram = Self.message([]) + [0, 0]
    datagram[3] = 2
    #expect(throws: STUNError.badLength) { try parse(datagram) }
  }

  @Test func `without the cookie it is not this STUN`() {
    var datagram = RFC5769.request
    datagram[5] ^= 1
    #expect(throws: STUNError.badCookie) { try parse(datagram) }
  }

  @Test(arguments: [UInt16(0x0003), 0x0103, 0x0002, 0x0000, 0x0005, 0x2001, 0x3EEF, 0x8001, 0x4001])
  func `other methods and other protocols are refused`(type: UInt16) {
    #expect(throws: STUNError.notSTUN) { try parse(Self.message(type: type, [])) }
  }

  @Test(arguments: [
    (UInt16(0x0001), STUNMessageClass.request), (0x0011, .indication), (0x0101, .success), (0x0111, .error),
  ])
  func `the class lies around the method`(type: UInt16, expected: STUNMessageClass) throws {
    #expect(try parse(Self.message(type: type, [])).messageClass == expected)
  }

  @Test func `any changed bit breaks the fingerprint`() {
    // From the transaction id on, the header's own fields having their own errors; up to FINGERPRINT's type, which
    // when changed is another attribute.
    for index in 8..<(RFC5769.request.count - 8) {
      var datagram = RFC5769.request
      datagram[index] ^= 0x10
      #expect(throws: STUNError.self) { try parse(datagram) }
    }
    for index in (RFC5769.request.count - 4)..<RFC5769.request.count {
      var datagram = RFC5769.request
      datagram[index] ^= 1
      #expect(throws: STUNError.badFingerprint) { try parse(datagram) }
    }
  }

  @Test func `any changed byte before it breaks the integrity`() {
    for index in 8..<(RFC5769.request.count - 8) {
      var datagram = RFC5769.request
      datagram[index] ^= 0x80
      #expect(throws: STUNError.self) { try verifyIntegrity(datagram, key: RFC5769.password) }
    }
  }

  @Test func `attributes of a wrong size are refused`() {
    let wrong: [(UInt16, [UInt8])] = [
      (0x0006, [UInt8](repeating: 65, count: 514)), (0x0006, [0xFF, 0xFE]), (0x0008, [1, 2, 3, 4]),
      (0x0009, [0, 0, 4]), (0x0009, [0, 0, 2, 0]), (0x0009, [0, 0, 7, 0]), (0x0009, [0, 0, 4, 100]),
      (0x0020, [0, 1, 0, 0, 1, 2, 3]), (0x0020, [0, 3, 0, 0, 1, 2, 3, 4]), (0x0020, [0, 2, 0, 0, 1, 2, 3, 4]),
      (0x0020, [0, 1, 0, 0] + [UInt8](repeating: 1, count: 16)), (0x0024, [1, 2, 3]), (0x0024, []),
      (0x8029, [1, 2, 3, 4]), (0x802A, [UInt8](repeating: 0, count: 9)), (0x8028, [1, 2]), (0x8028, []),
    ]
    for attribute in wrong { #expect(throws: STUNError.badAttribute) { try parse(Self.message([attribute])) } }
  }

  @Test func `an attribute that reaches beyond the message is refused`() {
    var datagram = Self.message([(0x8022, [1, 2, 3, 4])])
    datagram[23] = 5
    #expect(throws: STUNError.badAttribute) { try parse(datagram) }
    #expect(throws: STUNError.badAttribute) { try verifyIntegrity(datagram, key: []) }
    datagram[22] = 0xFF
    datagram[23] = 0xFF
    #expect(throws: STUNError.badAttribute) { try parse(datagram) }
    #expect(throws: STUNError.badAttribute) { try verifyIntegrity(datagram, key: []) }
  }

  @Test func `integrity of a wrong length is refused`() {
    let datagram = Self.message([(0x0008, [UInt8](repeating: 0, count: 32))])
    #expect(throws: STUNError.badAttribute) { try verifyIntegrity(datagram, key: []) }
  }

  @Test func `what follows the integrity does not count`() throws {
    let datagram = Self.message([
      (0x0024, [0, 0, 0, 1]), (0x0008, [UInt8](repeating: 0, count: 20)), (0x0025, []), (0x802A, [1]), (0x0006, [0xFF]),
      (0x7000, []),
    ])
    let message = try parse(datagram)
    #expect(message.hasIntegrity)
    #expect(message.priority == 1)
    #expect(!message.useCandidate)
    #expect(message.iceControlling == nil)
    #expect(message.username == nil)
    #expect(message.unknownRequired.isEmpty)
  }

  @Test func `nothing may follow the fingerprint`() throws {
    var datagram = Self.message([(0x8028, [0, 0, 0, 0]), (0x8022, [])])
    // A fingerprint that holds, over a header that counts what follows it.
    var checksum = UInt32.max
    for byte in datagram.prefix(20) {
      checksum ^= UInt32(byte)
      for _ in 0..<8 { checksum = checksum & 1 == 1 ? 0xEDB8_8320 ^ checksum >> 1 : checksum >> 1 }
    }
    var span = datagram.mutableSpan
    span.store(~checksum ^ 0x5354_554E, at: 24)
    #expect(throws: STUNError.badAttribute) { try parse(datagram) }
    // As the last attribute it is taken.
    let message = try parse(
      STUNMessageBuilder(messageClass: .request, transactionID: Self.id).finish(hmac: nil))
    #expect(message.hasFingerprint)
  }

  @Test func `of an attribute that comes twice the first counts`() throws {
    let message = try parse(
      Self.message([
        (0x0024, [0, 0, 0, 1]), (0x0024, [0, 0, 0, 2]), (0x0006, [0x61]), (0x0006, [0x62]),
        (0x802A, [0, 0, 0, 0, 0, 0, 0, 3]), (0x802A, [0, 0, 0, 0, 0, 0, 0, 4]),
      ]))
    #expect(message.priority == 1)
    #expect(message.username == "a")
    #expect(message.iceControlling == 3)
  }

  @Test func `required attributes that are not understood are listed, others are not`() throws {
    let message = try parse(
      Self.message([(0x0026, [1]), (0x8022, [1]), (0x7FFF, []), (0xC001, []), (0x0001, [0, 1, 0, 0, 1, 2, 3, 4])]))
    #expect(message.unknownRequired == [0x0026, 0x7FFF])
  }

  @Test func `the list of what is not understood is bounded`() throws {
    let message = try parse(Self.message((0..<300).map { (UInt16(0x4000 + $0), []) }))
    #expect(message.unknownRequired == (0..<16).map { 0x4000 + UInt16($0) })
  }

  @Test func `mutated messages are read or refused`() {
    for vector in RFC5769.all {
      for variant in MalformedSweep.mutations(of: vector, count: 3000, seed: 31) {
        _ = try? parse(variant)
        // The header's length is repaired, so that the attributes are reached.
        var repaired = Array(variant.prefix(variant.count & ~3))
        if repaired.count >= 20 {
          repaired[2] = UInt8((repaired.count - 20) >> 8)
          repaired[3] = UInt8((repaired.count - 20) & 0xFF)
        }
        _ = try? parse(repaired)
        try? verifyIntegrity(repaired, key: RFC5769.password)
      }
    }
  }
}
