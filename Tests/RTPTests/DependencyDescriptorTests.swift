import RTP
import TestKit
import Testing
import WireBytes

struct DependencyDescriptorTests {
  @Test func `the mandatory fields are read`() throws {
    let bytes: [UInt8] = [0xA5, 0x12, 0x34]
    let descriptor = try DependencyDescriptor(parsing: bytes.span)
    #expect(descriptor.startOfFrame)
    #expect(!descriptor.endOfFrame)
    #expect(descriptor.templateID == 37)
    #expect(descriptor.frameNumber == 0x1234)
    #expect(!descriptor.hasStructure)
  }

  @Test(arguments: [(UInt8(0x80), true), (0xFF, true), (0x7F, false), (0x00, false)])
  func `the fourth byte says whether a structure is attached`(extended: UInt8, expected: Bool) throws {
    let bytes: [UInt8] = [0x41, 0, 0, extended]
    let descriptor = try DependencyDescriptor(parsing: bytes.span)
    #expect(descriptor.hasStructure == expected)
    #expect(descriptor.endOfFrame)
    #expect(!descriptor.startOfFrame)
  }

  @Test(arguments: 0..<3)
  func `fewer than three bytes are refused`(length: Int) {
    let bytes = [UInt8](repeating: 0x80, count: length)
    #expect(throws: RTPError.badDescriptor) { try DependencyDescriptor(parsing: bytes.span) }
  }

  @Test func `the first packet of a key frame carries the structure`() throws {
    let bytes = DependencyDescriptorWriter.write(
      startOfFrame: true, endOfFrame: false, isKeyFrame: true, frameNumber: 0x0102, width: 640, height: 360)
    // 10000|000000|00000|00|11|10|10|0|10000|0|1|0000|0001|1, then 639 and 359 in 16 bits each.
    #expect(bytes == [0x80, 0x01, 0x02, 0x80, 0x00, 0x3A, 0x41, 0x01, 0x81, 0x3F, 0x80, 0xB3, 0x80])
    let descriptor = try DependencyDescriptor(parsing: bytes.span)
    #expect(descriptor.startOfFrame)
    #expect(descriptor.hasStructure)
    #expect(descriptor.frameNumber == 0x0102)
    let structure = try DependencyStructure(parsing: bytes.span)
    #expect(structure.templateIDOffset == 0)
    #expect(structure.decodeTargetCount == 1)
    #expect(structure.templates.map(\.spatialID) == [0, 0])
    #expect(structure.templates.map(\.temporalID) == [0, 0])
    #expect(structure.templates.map(\.frameDifferences) == [[], [1]])
    #expect(structure.resolutions.map(\.width) == [640])
    #expect(structure.resolutions.map(\.height) == [360])
  }

  @Test(arguments: [(true, false, UInt8(0x40)), (false, true, 0x81), (false, false, 0x01)])
  func `other packets carry three bytes`(isKeyFrame: Bool, start: Bool, first: UInt8) throws {
    let bytes = DependencyDescriptorWriter.write(
      startOfFrame: start, endOfFrame: isKeyFrame, isKeyFrame: isKeyFrame, frameNumber: 0xFFFF, width: 640, height: 360)
    #expect(bytes == [first, 0xFF, 0xFF])
    #expect(try !DependencyDescriptor(parsing: bytes.span).hasStructure)
  }

  @Test(arguments: [(UInt16(1), UInt16(1)), (1920, 1080), (65_535, 65_535)])
  func `resolutions survive`(width: UInt16, height: UInt16) throws {
    let bytes = DependencyDescriptorWriter.write(
      startOfFrame: true, endOfFrame: true, isKeyFrame: true, frameNumber: 0, width: width, height: height)
    let structure = try DependencyStructure(parsing: bytes.span)
    #expect(structure.resolutions.first?.width == Int(width))
    #expect(structure.resolutions.first?.height == Int(height))
  }
}
