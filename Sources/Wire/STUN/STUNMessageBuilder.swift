package import WireBytes

/// Writes a binding message.
package struct STUNMessageBuilder {
  private var bytes: [UInt8] = []
  private let transactionID: [UInt8]

  /// `transactionID`: 12 bytes.
  package init(messageClass: STUNMessageClass, transactionID: [UInt8]) {
    precondition(transactionID.count == 12, "a transaction id has 12 bytes")
    self.transactionID = transactionID
    let kind = UInt16(messageClass.rawValue)
    bytes.append(u16: 0x0001 | (kind & 1) << 4 | (kind & 2) << 7)
    bytes.append(u16: 0)
    bytes.append(u32: STUNAttribute.magicCookie)
    bytes += transactionID
  }

  package mutating func username(_ text: String) { append(STUNAttribute.username, Array(text.utf8)) }
  package mutating func useCandidate() { append(STUNAttribute.useCandidate, []) }

  package mutating func priority(_ value: UInt32) {
    var body: [UInt8] = []
    body.append(u32: value)
    append(STUNAttribute.priority, body)
  }

  package mutating func controlling(_ tieBreaker: UInt64) { append(STUNAttribute.iceControlling, tieBreaker) }
  package mutating func controlled(_ tieBreaker: UInt64) { append(STUNAttribute.iceControlled, tieBreaker) }

  package mutating func xorMappedAddress(_ endpoint: Endpoint) {
    var body: [UInt8] = [0, endpoint.isIPv4 ? 1 : 2]
    body.append(u16: endpoint.port ^ UInt16(STUNAttribute.magicCookie >> 16))
    if endpoint.isIPv4 {
      body.append(u32: endpoint.ipv4 ^ STUNAttribute.magicCookie)
    } else {
      let id = transactionID.span
      body.append(u64: endpoint.high ^ (UInt64(STUNAttribute.magicCookie) << 32 | UInt64(id.u32(at: 0))))
      body.append(u64: endpoint.low ^ id.u64(at: 4))
    }
    append(STUNAttribute.xorMappedAddress, body)
  }

  /// `code`: 300...699.
  package mutating func errorCode(_ code: Int, reason: String) {
    append(STUNAttribute.errorCode, [0, 0, UInt8(code / 100), UInt8(code % 100)] + Array(reason.utf8))
  }

  package mutating func unknownAttributes(_ types: [UInt16]) {
    var body: [UInt8] = []
    for type in types { body.append(u16: type) }
    append(STUNAttribute.unknownAttributes, body)
  }

  /// The message with FINGERPRINT and, unless `hmac` is nil, MESSAGE-INTEGRITY. `hmac` computes HMAC-SHA1 under the key.
  package func finish(hmac: (([UInt8]) -> [UInt8])?) -> [UInt8] {
    var message = self
    if let hmac {
      message.setLength(message.bytes.count + 24)
      message.append(STUNAttribute.messageIntegrity, hmac(message.bytes))
    }
    message.setLength(message.bytes.count + 8)
    var checksum: [UInt8] = []
    checksum.append(u32: CRC32.checksum(message.bytes.span) ^ STUNAttribute.fingerprintMask)
    message.append(STUNAttribute.fingerprint, checksum)
    return message.bytes
  }

  private mutating func append(_ type: UInt16, _ value: UInt64) {
    var body: [UInt8] = []
    body.append(u64: value)
    append(type, body)
  }

  private mutating func append(_ type: UInt16, _ body: [UInt8]) {
    bytes.append(u16: type)
    bytes.append(u16: UInt16(body.count))
    bytes += body
    while bytes.count % 4 != 0 { bytes.append(0) }
    setLength(bytes.count)
  }

  private mutating func setLength(_ total: Int) {
    let length = UInt16(total - STUNAttribute.headerLength)
    bytes[2] = UInt8(length >> 8)
    bytes[3] = UInt8(length & 0xFF)
  }
}
