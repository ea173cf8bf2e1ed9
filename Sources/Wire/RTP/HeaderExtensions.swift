import WireBytes

/// Negotiated ids of the header extensions that the house knows; 0 = not negotiated.
package struct HeaderExtensionIDs: Sendable, Equatable {
  package var mid: UInt8 = 0
  package var rid: UInt8 = 0
  package var repairedRid: UInt8 = 0
  package var audioLevel: UInt8 = 0
  package var dependencyDescriptor: UInt8 = 0
  package var absoluteSendTime: UInt8 = 0
  package var transportSequence: UInt8 = 0

  package init() {}
}

/// Where the known extension elements of a packet are; an empty range means absent.
package struct HeaderExtensions: Sendable {
  package var mid = 0..<0
  package var rid = 0..<0
  package var repairedRid = 0..<0
  package var audioLevel = 0..<0
  package var dependencyDescriptor = 0..<0

  /// One pass over the elements (RFC 8285 sections 4.2 and 4.3). Unknown ids are skipped.
  package init(scanning packet: Span<UInt8>, header: RTPHeader, ids: HeaderExtensionIDs) throws(RTPError) {
    guard header.extensionForm != .none else { return }
    let isOneByte = header.extensionForm == .oneByte
    var offset = header.extensionRange.lowerBound
    let end = header.extensionRange.upperBound
    while offset < end {
      let first = packet[offset]
      if first == 0 {
        offset += 1
        continue
      }
      let id: UInt8
      let length: Int
      if isOneByte {
        id = first >> 4
        // Id 15, and id 0 with a length, end the block; what came before counts (RFC 8285 section 4.2).
        if id == 15 || id == 0 { return }
        length = Int(first & 0x0F) + 1
        offset += 1
      } else {
        guard offset + 2 <= end else { throw .badExtension }
        id = first
        length = Int(packet[offset + 1])
        offset += 2
      }
      guard offset + length <= end else { throw .badExtension }
      note(id, offset..<(offset + length), ids)
      offset += length
    }
  }

  private mutating func note(_ id: UInt8, _ range: Range<Int>, _ ids: HeaderExtensionIDs) {
    guard id != 0 else { return }
    switch id {
    case ids.mid: mid = range
    case ids.rid: rid = range
    case ids.repairedRid: repairedRid = range
    case ids.audioLevel: audioLevel = range
    case ids.dependencyDescriptor: dependencyDescriptor = range
    default: break
    }
  }
}
