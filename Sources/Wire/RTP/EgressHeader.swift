package import WireBytes

/// A header that is written from its parts. The relay builds headers anew for each subscriber instead of patching the
/// publisher's: the extension ids differ, elements come and go, and the payload is copied anyway.
package struct EgressHeader: Sendable {
  package var marker: Bool
  package var payloadType: PayloadType
  package var sequenceNumber: UInt16
  package var timestamp: UInt32
  package var ssrc: SSRC
  /// The receiver's ids.
  package var ids = HeaderExtensionIDs()
  package var mid: ShortText?
  package var rid: ShortText?
  package var repairedRid: ShortText?
  /// The byte of RFC 6464: voice activity and level.
  package var audioLevel: UInt8?
  /// When set, it replaces the descriptor's frame number (its bytes 1 and 2).
  package var frameNumber: UInt16?

  /// The parts that differ from packet to packet may be set later.
  package init(
    marker: Bool = false, payloadType: PayloadType, sequenceNumber: UInt16 = 0, timestamp: UInt32 = 0, ssrc: SSRC
  ) {
    self.marker = marker
    self.payloadType = payloadType
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
    self.ssrc = ssrc
  }

  /// Writes the header at the span's start and returns its length. `target` holds a whole packet slot.
  /// An empty `dependencyDescriptor` is left out.
  @_lifetime(target: copy target)
  package func write(into target: inout MutableSpan<UInt8>, dependencyDescriptor: Span<UInt8>) -> Int {
    target[1] = payloadType.rawValue & 0x7F | (marker ? 0x80 : 0)
    target.store(sequenceNumber, at: 2)
    target.store(timestamp, at: 4)
    target.store(ssrc.rawValue, at: 8)
    let descriptorCount = ids.dependencyDescriptor == 0 ? 0 : min(dependencyDescriptor.count, 255)
    let isOneByte = descriptorCount <= 16 && largestID <= 14
    var offset = 16
    offset = write(mid, id: ids.mid, isOneByte, into: &target, at: offset)
    offset = write(rid, id: ids.rid, isOneByte, into: &target, at: offset)
    offset = write(repairedRid, id: ids.repairedRid, isOneByte, into: &target, at: offset)
    if let audioLevel, ids.audioLevel != 0 {
      offset = Self.open(ids.audioLevel, 1, isOneByte, in: &target, at: offset)
      target[offset] = audioLevel
      offset += 1
    }
    if descriptorCount > 0 {
      offset = Self.open(ids.dependencyDescriptor, descriptorCount, isOneByte, in: &target, at: offset)
      for index in 0..<descriptorCount { target[offset + index] = dependencyDescriptor[index] }
      if let frameNumber, descriptorCount >= 3 { target.store(frameNumber, at: offset + 1) }
      offset += descriptorCount
    }
    guard offset > 16 else {
      target[0] = 0x80
      return 12
    }
    while offset % 4 != 0 {
      target[offset] = 0
      offset += 1
    }
    target[0] = 0x90
    target.store(isOneByte ? UInt16(0xBEDE) : 0x1000, at: 12)
    target.store(UInt16((offset - 16) / 4), at: 14)
    return offset
  }

  private var largestID: UInt8 {
    max(max(ids.mid, ids.rid), max(ids.repairedRid, ids.audioLevel), ids.dependencyDescriptor)
  }

  @_lifetime(target: copy target)
  private func write(
    _ text: ShortText?, id: UInt8, _ isOneByte: Bool, into target: inout MutableSpan<UInt8>, at offset: Int
  ) -> Int {
    guard let text, id != 0, text.count > 0 else { return offset }
    let start = Self.open(id, text.count, isOneByte, in: &target, at: offset)
    for index in 0..<text.count { target[start + index] = text.byte(at: index) }
    return start + text.count
  }

  @_lifetime(target: copy target)
  private static func open(
    _ id: UInt8, _ count: Int, _ isOneByte: Bool, in target: inout MutableSpan<UInt8>, at offset: Int
  ) -> Int {
    if isOneByte {
      target[offset] = id << 4 | UInt8(count - 1)
      return offset + 1
    }
    target[offset] = id
    target[offset + 1] = UInt8(count)
    return offset + 2
  }
}
