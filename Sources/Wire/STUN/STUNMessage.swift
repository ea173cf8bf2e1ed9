package import WireBytes

/// A binding message, parsed. Whether its integrity holds is a separate question: `verifyIntegrity`.
package struct STUNMessage: Sendable {
  package let messageClass: STUNMessageClass
  /// 12 bytes.
  package let transactionID: [UInt8]
  package private(set) var username: String?
  package private(set) var priority: UInt32?
  package private(set) var useCandidate = false
  package private(set) var iceControlling: UInt64?
  package private(set) var iceControlled: UInt64?
  package private(set) var xorMappedAddress: Endpoint?
  package private(set) var errorCode: Int?
  package private(set) var hasIntegrity = false
  package private(set) var hasFingerprint = false
  /// Attributes that must be understood and are not (RFC 8489 section 6.3.1): the first 16.
  package private(set) var unknownRequired: [UInt16] = []

  /// Usernames above this length are refused (RFC 8489 section 14.3).
  private static let maximumUsername = 512
  private static let maximumUnknown = 16

  /// Checks the header, the bounds of all attributes, and FINGERPRINT if there is one. Attributes behind
  /// MESSAGE-INTEGRITY are not authenticated and do not count, but for FINGERPRINT (RFC 8489 section 14.5).
  package init(parsing datagram: Span<UInt8>) throws(STUNError) {
    messageClass = try Self.header(of: datagram)
    transactionID = datagram.extracting(8..<20).toArray()
    var offset = STUNAttribute.headerLength
    while offset < datagram.count {
      guard datagram.count - offset >= 4, !hasFingerprint else { throw .badAttribute }
      let type = datagram.u16(at: offset)
      let length = Int(datagram.u16(at: offset + 2))
      guard datagram.count - offset - 4 >= length else { throw .badAttribute }
      let value = datagram.extracting((offset + 4)..<(offset + 4 + length))
      if type == STUNAttribute.fingerprint {
        guard length == 4 else { throw .badAttribute }
        let expected = CRC32.checksum(datagram.extracting(0..<offset)) ^ STUNAttribute.fingerprintMask
        guard value.u32(at: 0) == expected else { throw .badFingerprint }
        hasFingerprint = true
      } else if !hasIntegrity {
        try note(type, value)
      }
      offset += 4 + (length + 3) / 4 * 4
    }
  }

  private static func header(of datagram: Span<UInt8>) throws(STUNError) -> STUNMessageClass {
    guard datagram.count >= STUNAttribute.headerLength else { throw .truncated }
    let type = datagram.u16(at: 0)
    guard type & 0xC000 == 0 else { throw .notSTUN }
    guard datagram.u32(at: 4) == STUNAttribute.magicCookie else { throw .badCookie }
    let length = Int(datagram.u16(at: 2))
    guard length % 4 == 0, length == datagram.count - STUNAttribute.headerLength else { throw .badLength }
    // The class bits lie between the method's (RFC 8489 section 5); binding is method 1.
    guard type & 0x3EEF == 0x0001 else { throw .notSTUN }
    guard let kind = STUNMessageClass(rawValue: UInt8(type >> 7 & 2 | type >> 4 & 1)) else { throw .notSTUN }
    return kind
  }

  /// Of an attribute that comes twice, the first counts (RFC 8489 section 14).
  private mutating func note(_ type: UInt16, _ value: Span<UInt8>) throws(STUNError) {
    switch type {
    case STUNAttribute.username:
      guard value.count <= Self.maximumUsername, let text = String(validating: value.toArray(), as: UTF8.self) else {
        throw .badAttribute
      }
      username = username ?? text
    case STUNAttribute.priority:
      guard value.count == 4 else { throw .badAttribute }
      priority = priority ?? value.u32(at: 0)
    case STUNAttribute.useCandidate: useCandidate = true
    case STUNAttribute.iceControlling:
      guard value.count == 8 else { throw .badAttribute }
      iceControlling = iceControlling ?? value.u64(at: 0)
    case STUNAttribute.iceControlled:
      guard value.count == 8 else { throw .badAttribute }
      iceControlled = iceControlled ?? value.u64(at: 0)
    case STUNAttribute.xorMappedAddress:
      let endpoint = try address(value)
      xorMappedAddress = xorMappedAddress ?? endpoint
    case STUNAttribute.errorCode:
      guard value.count >= 4, (3...6).contains(value[2] & 7), value[3] < 100 else { throw .badAttribute }
      errorCode = errorCode ?? Int(value[2] & 7) * 100 + Int(value[3])
    case STUNAttribute.messageIntegrity:
      guard value.count == 20 else { throw .badAttribute }
      hasIntegrity = true
    case STUNAttribute.mappedAddress, STUNAttribute.unknownAttributes, STUNAttribute.realm, STUNAttribute.nonce,
      STUNAttribute.messageIntegritySHA256:
      // Understood, and of no use to ICE.
      break
    default: if type < 0x8000, unknownRequired.count < Self.maximumUnknown { unknownRequired.append(type) }
    }
  }

  /// XOR-MAPPED-ADDRESS (RFC 8489 section 14.2).
  private func address(_ value: Span<UInt8>) throws(STUNError) -> Endpoint {
    guard value.count >= 8 else { throw .badAttribute }
    let port = value.u16(at: 2) ^ UInt16(STUNAttribute.magicCookie >> 16)
    switch (value[1], value.count) {
    case (1, 8): return Endpoint(ipv4: value.u32(at: 4) ^ STUNAttribute.magicCookie, port: port)
    case (2, 20):
      let id = transactionID.span
      return Endpoint(
        high: value.u64(at: 4) ^ (UInt64(STUNAttribute.magicCookie) << 32 | UInt64(id.u32(at: 0))),
        low: value.u64(at: 12) ^ id.u64(at: 4), port: port)
    default: throw .badAttribute
    }
  }

  /// Checks MESSAGE-INTEGRITY (RFC 8489 section 14.5): HMAC-SHA1 over the message up to the attribute, with the
  /// header's length as if the attribute were the last. `hmac` computes HMAC-SHA1 under the key.
  package static func verifyIntegrity(
    of datagram: Span<UInt8>, hmac: ([UInt8]) -> [UInt8]
  ) throws(STUNError) {
    _ = try header(of: datagram)
    var offset = STUNAttribute.headerLength
    while datagram.count - offset >= 4 {
      let type = datagram.u16(at: offset)
      let length = Int(datagram.u16(at: offset + 2))
      guard datagram.count - offset - 4 >= length else { throw .badAttribute }
      if type == STUNAttribute.messageIntegrity {
        guard length == 20 else { throw .badAttribute }
        var message = datagram.extracting(0..<offset).toArray()
        let covered = UInt16(offset + 24 - STUNAttribute.headerLength)
        message[2] = UInt8(covered >> 8)
        message[3] = UInt8(covered & 0xFF)
        let expected = hmac(message)
        var difference: UInt8 = expected.count == 20 ? 0 : 1
        for index in 0..<min(20, expected.count) { difference |= expected[index] ^ datagram[offset + 4 + index] }
        guard difference == 0 else { throw .badIntegrity }
        return
      }
      offset += 4 + (length + 3) / 4 * 4
    }
    throw .missingIntegrity
  }
}
