import WireBytes

/// Descriptors for a client's own single-layer (L1T1) video.
package enum DependencyDescriptorWriter {
  private static let keyTemplate: UInt8 = 0
  private static let deltaTemplate: UInt8 = 1

  /// The first packet of a key frame carries the structure: one decode target, template 0 for key frames, template 1
  /// for frames that refer to the one before, one chain, and the resolution.
  package static func write(
    startOfFrame: Bool, endOfFrame: Bool, isKeyFrame: Bool, frameNumber: UInt16, width: UInt16, height: UInt16
  ) -> [UInt8] {
    let template = isKeyFrame ? keyTemplate : deltaTemplate
    var bytes = [(startOfFrame ? 0x80 : 0) | (endOfFrame ? 0x40 : 0) | template]
    bytes.append(u16: frameNumber)
    guard isKeyFrame, startOfFrame else { return bytes }
    var bits = BitWriter()
    bits.write(0b10000, 5)  // structure present; nothing else that is custom
    bits.write(0, 6)  // template id offset
    bits.write(0, 5)  // decode targets, less one
    bits.write(0, 2)  // second template: the same layer
    bits.write(3, 2)  // no more templates
    bits.write(2, 2)  // template 0: switch, for every later frame can be decoded from here on
    bits.write(2, 2)  // template 1: the same, as long as the frame itself can be decoded
    bits.write(0, 1)  // template 0 refers to nothing
    bits.write(0b10000, 5)  // template 1: one reference, one frame back
    bits.write(0, 1)
    bits.write(1, 1)  // one chain, in the non-symmetric form of values below 2
    bits.write(0, 4)  // chain difference of template 0
    bits.write(1, 4)  // chain difference of template 1
    bits.write(1, 1)  // resolutions follow
    bits.write(UInt32(width &- 1), 16)
    bits.write(UInt32(height &- 1), 16)
    return bytes + bits.bytes
  }
}
