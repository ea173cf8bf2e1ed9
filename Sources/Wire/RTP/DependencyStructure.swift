import WireBytes

/// The template structure that a key frame's first packet carries: layers, their dependencies and resolutions.
package struct DependencyStructure: Sendable, Equatable {
  package struct Template: Sendable, Equatable {
    package let spatialID: UInt8
    package let temporalID: UInt8
    /// Distances to the frames this one refers to.
    package var frameDifferences: [UInt8] = []
  }

  package struct Resolution: Sendable, Equatable {
    package let width: Int
    package let height: Int
  }

  package let templateIDOffset: UInt8
  package let decodeTargetCount: Int
  package private(set) var templates: [Template]
  package private(set) var resolutions: [Resolution] = []

  private static let maximumTemplates = 64

  /// `bytes`: the whole extension element. Throws if no structure is attached or it is cut off.
  package init(parsing bytes: Span<UInt8>) throws(RTPError) {
    guard try DependencyDescriptor(parsing: bytes).hasStructure else { throw .badDescriptor }
    var reader = BitReader(bytes.extracting(3..<bytes.count))
    // structure present, active targets present, custom dtis, custom fdiffs, custom chains.
    _ = try reader.bits(5)
    templateIDOffset = UInt8(try reader.bits(6))
    decodeTargetCount = Int(try reader.bits(5)) + 1
    templates = try Self.layers(&reader)
    for _ in templates {
      for _ in 0..<decodeTargetCount { _ = try reader.bits(2) }
    }
    for index in templates.indices {
      while try reader.flag() { templates[index].frameDifferences.append(UInt8(try reader.bits(4)) + 1) }
    }
    let chains = try reader.nonSymmetric(UInt32(decodeTargetCount) + 1)
    if chains > 0 {
      for _ in 0..<decodeTargetCount { _ = try reader.nonSymmetric(chains) }
      for _ in templates {
        for _ in 0..<chains { _ = try reader.bits(4) }
      }
    }
    if try reader.flag() {
      let layers = (templates.map(\.spatialID).max() ?? 0) + 1
      for _ in 0..<layers {
        resolutions.append(
          Resolution(width: Int(try reader.bits(16)) + 1, height: Int(try reader.bits(16)) + 1))
      }
    }
  }

  private static func layers(_ reader: inout BitReader) throws(RTPError) -> [Template] {
    var templates: [Template] = []
    var (spatial, temporal) = (UInt8(0), UInt8(0))
    while true {
      guard templates.count < maximumTemplates else { throw .badDescriptor }
      templates.append(Template(spatialID: spatial, temporalID: temporal))
      switch try reader.bits(2) {
      case 0: break
      case 1: temporal += 1
      case 2:
        temporal = 0
        spatial += 1
      default: return templates
      }
      guard temporal <= 7, spatial <= 3 else { throw .badDescriptor }
    }
  }
}
