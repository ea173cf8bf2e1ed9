import WireBytes

/// DTLS 1.2 records, as far as tests take them apart (RFC 6347 sections 4.1 and 4.2.2).
enum DTLSRecords {
  /// The records of a datagram.
  static func split(_ datagram: [UInt8]) -> [[UInt8]] {
    var records: [[UInt8]] = []
    var rest = datagram[...]
    while rest.count >= 13 {
      let length = 13 + Int(rest[rest.startIndex + 11]) << 8 + Int(rest[rest.startIndex + 12])
      records.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return records
  }

  static func epoch(_ record: [UInt8]) -> Int { Int(record[3]) << 8 | Int(record[4]) }

  /// The record under another sequence number; possible for epoch 0, which is not protected.
  static func renumber(_ record: [UInt8], _ change: (UInt32) -> UInt32) -> [UInt8] {
    var record = record
    let number = change(record.span.u32(at: 7))
    for index in 0..<4 { record[7 + index] = UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * index)) }
    return record
  }

  /// A record with one whole handshake message, as `count` records with a fragment each, numbered from `first`.
  static func fragment(_ record: [UInt8], into count: Int, from first: UInt32) -> [[UInt8]] {
    let body = Array(record.dropFirst(25))
    let size = (body.count + count - 1) / count
    return (0..<count).map { index in
      let range = index * size..<min(body.count, (index + 1) * size)
      var fragment = Array(record[13..<19])
      fragment.append(u24: UInt32(range.lowerBound))
      fragment.append(u24: UInt32(range.count))
      fragment += body[range]
      var made = Array(record.prefix(11))
      made.append(u16: UInt16(fragment.count))
      return renumber(made + fragment) { _ in first + UInt32(index) }
    }
  }
}
