import WireBytes

/// What the relay needs of the Dependency Descriptor extension, parsed for every video packet without allocation
/// (AV1 RTP specification, appendix A).
package struct DependencyDescriptor: Sendable, Equatable {
  package let startOfFrame: Bool
  package let endOfFrame: Bool
  /// Six bits: the template that describes the frame.
  package let templateID: UInt8
  package let frameNumber: UInt16
  /// Whether the template structure is attached: then the packet belongs to a key frame.
  package let hasStructure: Bool

  package init(parsing bytes: Span<UInt8>) throws(RTPError) {
    guard bytes.count >= 3 else { throw .badDescriptor }
    startOfFrame = bytes[0] & 0x80 != 0
    endOfFrame = bytes[0] & 0x40 != 0
    templateID = bytes[0] & 0x3F
    frameNumber = bytes.u16(at: 1)
    // The extended fields begin with the structure's presence flag.
    hasStructure = bytes.count > 3 && bytes[3] & 0x80 != 0
  }
}
